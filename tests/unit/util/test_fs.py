import os
import stat

import pytest

from fairlead.errors import StoreError
from fairlead.util.fs import remove_tree, write_atomic


def test_a_written_file_has_its_bytes_and_mode_and_nothing_lies_beside_it(tmp_path):
    path = tmp_path / "deep" / "file"
    write_atomic(path, b"one", mode=0o600)
    write_atomic(path, b"two", mode=0o640)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["file"]


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot write"):
        write_atomic(tmp_path / "folder", b"data")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_tree_goes_whatever_its_modes(tmp_path):
    tree = tmp_path / "tree"
    closed = tree / "closed" / "inner"
    closed.mkdir(parents=True)
    (closed / "file").write_text("x")
    (closed / "locked").mkdir(mode=0)
    closed.chmod(0o500)
    closed.parent.chmod(0)
    remove_tree(tree)
    assert not tree.exists()


def test_links_are_removed_and_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "folder").symlink_to(kept)
    (tree / "file").symlink_to(kept / "file")
    (tree / "nowhere").symlink_to("nowhere")
    remove_tree(tree)
    remove_tree(tmp_path / "absent")
    assert os.listdir(tmp_path) == ["kept"]
    assert os.listdir(kept) == ["file"]


def test_a_link_in_the_place_of_a_tree_is_removed_itself(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    link = tmp_path / "link"
    link.symlink_to(kept)
    remove_tree(link)
    assert os.listdir(tmp_path) == ["kept"]
