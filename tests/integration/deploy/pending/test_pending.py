"""Commits that are not live yet, in real repositories."""

import os
import subprocess

import pytest

from fairlead.deploy.pending import branch_of, pending_commits
from fairlead.model.environment import Environment


def git(folder, *args):
    identity = {
        f"GIT_{who}_{what}": "ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    env = os.environ | identity | {"GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *args], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(folder, words):
    git(folder, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", words)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-qb", "main")
    commit(tmp_path, "begin")
    return tmp_path


def test_newest_first_with_words_as_they_are(repository):
    live = git(repository, "rev-parse", "HEAD")
    commit(repository, "one \x1f | ü\n\nbody")
    last = commit(repository, "two")
    found = pending_commits(repository, live, "main")
    assert [one.subject for one in found.commits] == ["two", "one \x1f | ü"]
    assert (found.commits[0].id, found.commits[0].author) == (last, "ada")
    assert (found.missing, found.unknown) == (0, False)


def test_nothing_waits(repository):
    live = git(repository, "rev-parse", "HEAD")
    assert pending_commits(repository, live, "main").commits == ()


def test_what_is_live_and_not_on_the_branch_is_counted(repository):
    git(repository, "checkout", "-qb", "fix")
    live = commit(repository, "hot fix")
    git(repository, "checkout", "-q", "main")
    commit(repository, "other")
    found = pending_commits(repository, live, "main")
    assert (len(found.commits), found.missing) == (1, 1)


@pytest.mark.parametrize("live", ["0" * 40, "nonsense", "--all", "HEAD:file"])
def test_a_commit_that_is_not_here_is_said_to_be_unknown(repository, live):
    assert pending_commits(repository, live, "main").unknown
    assert pending_commits(repository, "HEAD", live).unknown


def test_a_bare_repository_will_do(repository, tmp_path_factory):
    live = git(repository, "rev-parse", "HEAD")
    commit(repository, "one")
    bare = tmp_path_factory.mktemp("bare")
    git(bare, "clone", "-q", "--bare", str(repository), "x.git")
    assert len(pending_commits(bare / "x.git", live, "main").commits) == 1


@pytest.mark.parametrize(
    ("rule", "branch"),
    [((), "HEAD"), (("main",), "main"), (("r*", "absent", "main"), "main"), (("r*",), "HEAD")],
)
def test_where_the_next_release_comes_from(repository, rule, branch):
    assert branch_of(Environment(name="x", branches=rule), repository) == branch
