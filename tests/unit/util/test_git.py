import subprocess

import pytest

from fairlead.errors import RepositoryError, StoreError
from fairlead.util import git as module
from fairlead.util.git import git
from fairlead.util.proc import Completed


def test_an_error_names_the_command_and_carries_gits_words(tmp_path):
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    with pytest.raises(RepositoryError, match=r"^git rev-parse: .*nowhere"):
        git("-c", "core.abbrev=9", "--no-pager", "rev-parse", "nowhere", cwd=tmp_path)


@pytest.mark.parametrize("words", [b"fatal: x: No space left on device", b"y. Out of diskspace\n"])
def test_a_full_disk_is_no_fault_of_the_repository(tmp_path, monkeypatch, words):
    monkeypatch.setattr(module, "try_git", lambda *_, **__: Completed(128, b"", words))
    with pytest.raises(StoreError, match=r"git add: .*\n  free some space"):
        git("-c", "a=b", "add", "-A", cwd=tmp_path)


def test_a_folder_that_may_not_be_entered_is_said_to_be_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module.os, "access", lambda *_: False)  # root may enter all
    with pytest.raises(RepositoryError, match="may not be entered"):
        git("status", cwd=tmp_path)


def test_input_that_no_pipe_is_sure_to_hold_is_given_all_the_same(tmp_path):
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    names = b"HEAD\n" * 2000
    done = module.try_git("cat-file", "--batch-check", cwd=tmp_path, data=names)
    assert done.stdout == b"HEAD missing\n" * 2000


def test_git_that_is_not_installed_is_said_to_be_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match=r"(?s)git cannot be run.*install git"):
        git("status", cwd=tmp_path)
