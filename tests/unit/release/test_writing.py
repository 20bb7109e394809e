import errno

import pytest

from fairlead.errors import ReleaseFailed, StoreError
from fairlead.release import writing
from fairlead.release.archive import Piece


def test_a_place_that_takes_no_file_is_named(make, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"cannot write .*file/bank-1f9c4e2ab310\.release"):
        make(folder=tmp_path / "file")


def test_a_full_disk_leaves_nothing_behind(make, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.shutil, "copyfileobj", full)

    with pytest.raises(StoreError, match="No space left on device"):
        make()
    assert list((tmp_path / "made").iterdir()) == []


def test_pieces_that_cannot_be_packed_leave_nothing_behind(make, tmp_path):
    with pytest.raises(ReleaseFailed):
        make([Piece(path="a"), Piece(path="a")])
    assert list((tmp_path / "made").iterdir()) == []


def test_a_release_replaces_an_earlier_one_of_that_name(make):
    first = make([Piece(path="a", data=b"1")])
    before = first.read_bytes()

    assert make([Piece(path="a", data=b"2")]) == first
    assert first.read_bytes() != before
