import os

import pytest

from fairlead.runner.files import keep_artifacts, matching, read_limited, write_fresh


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "ws"
    for name in ("dist/a.txt", "dist/deep/b.txt", "report.xml", "src/app.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_globs_and_folders(workspace):
    assert matching(workspace, ["dist"]) == ("dist/a.txt", "dist/deep/b.txt")
    assert matching(workspace, ["dist/"]) == ("dist/a.txt", "dist/deep/b.txt")
    assert matching(workspace, ["**/*.txt", "*.xml"]) == (
        "dist/a.txt",
        "dist/deep/b.txt",
        "report.xml",
    )


@pytest.mark.parametrize("glob", ["/etc/hostname", "../secret", "dist/../../secret"])
def test_nothing_outside_of_the_workspace(workspace, glob):
    (workspace.parent / "secret").write_text("x")
    assert matching(workspace, [glob]) == ()


def test_links_that_lead_outside_pipes_and_loops_are_left_out(workspace):
    (workspace.parent / "secret").write_text("x")
    (workspace / "dist/out").symlink_to(workspace.parent / "secret")
    (workspace / "dist/folder").symlink_to(workspace.parent)
    (workspace / "dist/loop").symlink_to("loop")
    (workspace / "dist/in").symlink_to("a.txt")
    os.mkfifo(workspace / "dist/pipe")
    assert matching(workspace, ["dist"]) == (
        "dist/a.txt",
        "dist/deep/b.txt",
        "dist/in",
    )


def test_artifacts_are_copied_with_their_folders(workspace, tmp_path):
    kept = keep_artifacts(workspace, matching(workspace, ["dist"]), tmp_path / "kept")
    assert kept == ("dist/a.txt", "dist/deep/b.txt")
    assert (tmp_path / "kept/dist/deep/b.txt").read_text() == "dist/deep/b.txt"


def test_a_file_too_large_gives_one_byte_too_many(workspace):
    assert len(read_limited(workspace / "report.xml", 4)) == 5


def test_a_fresh_file_is_written_through_no_link(workspace):
    ours = workspace.parent / "ours"
    ours.write_text("ours")
    for left in ("link", "file"):
        path = workspace / left
        path.symlink_to(ours) if left == "link" else path.write_text("theirs")
        write_fresh(path, "echo caf\udce9")
        assert path.read_bytes() == b"echo caf\xe9"
    assert ours.read_text() == "ours"
