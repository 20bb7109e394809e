"""What a build leaves behind, and taking it away again."""

import os

import pytest

from fairlead.runner.environments.requirements import LocalProject
from fairlead.runner.environments.snapshot import changed, removing_new_files, take_snapshot

PROJECT = (LocalProject(path="."),)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "src/bank").mkdir(parents=True)
    (tmp_path / "src/bank/app.py").write_text("1")
    (tmp_path / "src/bank/__pycache__").mkdir()
    (tmp_path / "src/bank/__pycache__/app.pyc").write_text("1")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("")
    (tmp_path / "link").symlink_to("src")
    return tmp_path


def test_files_without_repositories_and_byte_code(folder):
    assert sorted(take_snapshot(folder)) == ["link", "src/bank/app.py"]


def test_new_and_changed_files(folder):
    before = take_snapshot(folder)
    (folder / "src/bank/app.py").write_text("changed")
    (folder / "src/bank/fast.so").write_text("")
    os.unlink(folder / "link")
    assert changed(before, take_snapshot(folder)) == ("src/bank/app.py", "src/bank/fast.so")


def test_traces_are_removed_and_nothing_else(folder):
    def build():
        for name in ("bank.egg-info/PKG-INFO", "build/lib/bank/app.py", "src/bank/_version.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("")

    before = sorted(os.walk(folder))
    with removing_new_files(folder, PROJECT):
        build()
    assert sorted(os.walk(folder)) == before

    def fail():
        with removing_new_files(folder, PROJECT):
            build()
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert sorted(os.walk(folder)) == before


def test_without_projects_nothing_is_looked_at(tmp_path):
    with removing_new_files(tmp_path / "absent", ()):
        pass
