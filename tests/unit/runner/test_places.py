"""Folders of runs: swept when nobody holds them, and at no other moment."""

import fcntl
import os

import pytest

from fairlead.runner import places
from fairlead.runner.places import working_folder


@pytest.fixture
def meddling(monkeypatch, tmp_path):
    """Another run begins just before each lock is taken."""
    lock = fcntl.flock

    def slow(handle, how):
        if how == fcntl.LOCK_EX:
            places._sweep(tmp_path / "work")
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", slow)


def test_a_folder_that_is_just_being_made_is_left_alone(tmp_path, meddling):
    with working_folder(tmp_path) as folder:
        assert folder.is_dir()
        places._sweep(tmp_path / "work")
        assert (folder / "lock").is_file()
    assert os.listdir(tmp_path / "work") == []


def test_what_a_killed_run_left_is_removed(tmp_path):
    left = tmp_path / "work" / "0123456789ab"
    (left / "a-1").mkdir(parents=True)
    (left / "lock").touch()
    with working_folder(tmp_path) as folder:
        assert os.listdir(tmp_path / "work") == [folder.name]
