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
