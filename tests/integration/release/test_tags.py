import os
import subprocess

import pytest

from fairlead.errors import Conflict, ReleaseFailed
from fairlead.release.tags import Tagger
from fairlead.runner.checkout import open_source


class Repository:
    def __init__(self, root, home):
        self.root, self.home = root, home
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def git(self, *args):
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ("git", *who, *args), cwd=self.root, env=env, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, message):
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def tagger(self, pattern, branch=""):
        source = open_source(self.root, self.home, "HEAD")
        return Tagger(source=source, pattern=pattern, branch=branch)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "demo"
    root.mkdir()
    return Repository(root, tmp_path / "home")


def test_a_tag_is_annotated_and_at_the_commit(repository):
    tagger = repository.tagger("v{number}")

    tagger.make(tagger.name(7), "Release 7\n\nversion abc", "ann")

    assert repository.git("cat-file", "-t", "v7") == "tag"
    assert repository.git("rev-parse", "v7^{commit}") == repository.git("rev-parse", "HEAD")
    assert "version abc" in repository.git("tag", "-n9", "v7")


def test_who_tags_is_said_where_git_knows_nobody(repository, monkeypatch):
    monkeypatch.setenv("HOME", str(repository.home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(repository.home))
    # Git would make something up of the machine's name.
    repository.git("config", "user.useConfigOnly", "true")

    repository.tagger("v{number}").make("v1", "x", "ann")

    assert repository.git("for-each-ref", "--format=%(taggername)", "refs/tags/v1") == "ann"


def test_the_same_tag_twice_is_fine_and_elsewhere_is_not(repository):
    repository.tagger("v{number}").make("v1", "x", "")
    repository.tagger("v{number}").make("v1", "x", "")
    repository.commit("second")

    with pytest.raises(Conflict, match="the tag v1 is at"):
        repository.tagger("v{number}").make("v1", "x", "")


def test_numbers_go_on_from_the_tags_there_are(repository):
    tagger = repository.tagger("v{number}-live")
    assert tagger.least() == 1
    for name in ("v3-live", "v12-live", "v99", "v-live", "xv50-live"):
        repository.git("tag", name)

    assert tagger.least() == 13
    assert repository.tagger("").least() == 1
    assert repository.tagger("{name}").least() == 1


def test_candidates_of_a_git_flow_release_are_counted(repository):
    tagger = repository.tagger("v{name}", "release/1.4")
    assert tagger.name(1) == "v1.4-rc.1"
    tagger.make("v1.4-rc.1", "x", "")
    assert tagger.name(2) == "v1.4-rc.1", "this commit has it"
    repository.commit("second")

    assert repository.tagger("v{name}", "release/1.4").name(2) == "v1.4-rc.2"
    assert repository.tagger("v{name}", "release/1.40").name(2) == "v1.40-rc.1"
    assert repository.tagger("v{name}", "hotfix/1.3.1").name(2) == "v1.3.1-rc.1"


@pytest.mark.parametrize(
    "message",
    ["Merge branch 'release/1.4'", "Merge branch 'release/1.4' into main",
     "Merge remote-tracking branch 'origin/release/1.4'"],
)  # fmt: skip
def test_the_merge_of_a_release_gets_its_plain_name(repository, message):
    repository.commit(message)

    assert repository.tagger("v{name}", "main").name(9) == "v1.4"


def test_the_prefixes_git_flow_was_told_count(repository):
    repository.git("config", "gitflow.prefix.release", "rel-")

    assert repository.tagger("{name}", "rel-2.0").name(1) == "2.0-rc.1"
    assert repository.tagger("{name}", "release/2.0").name(1) == ""


def test_what_is_no_release_of_git_flow_gets_no_such_tag(repository):
    repository.commit("Merge branch 'feature/x'")

    assert repository.tagger("v{name}", "develop").name(1) == ""
    assert repository.tagger("", "release/1").name(1) == ""


@pytest.mark.parametrize("name", ["a..b", "x y", "@{1}", "a~1"])
def test_a_name_git_would_not_take_is_refused(repository, name):
    with pytest.raises(ReleaseFailed, match="cannot be a git tag"):
        repository.tagger("{name}", f"release/{name}").name(1)
    with pytest.raises(ReleaseFailed, match="cannot be a git tag"):
        repository.tagger(f"{{number}}{name}.lock").name(1)
