"""Commits by their ids, read from real repositories at once."""

import shutil
import subprocess

import pytest

from fairlead.errors import RepositoryError
from fairlead.runner.checkout import commits, open_commit, open_source


def git(folder, *args, data=None, **env):
    who = ("-c", "user.name=Änne", "-c", "user.email=a@example.org")
    return (
        subprocess.run(
            ["git", "-C", str(folder), *who, *args], check=True, capture_output=True, input=data
        )
        .stdout.decode()
        .strip()
    )


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "fairlead.yml").write_text("jobs: {a: {run: true}}\n")
    (folder / "other").write_text("x")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Begin\n\nwith ümlaut")
    return folder


@pytest.fixture
def bare(project, tmp_path):
    folder = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(project), str(folder))
    return folder


@pytest.mark.parametrize("kind", ["project", "bare"])
def test_it_is_what_git_says_of_it(kind, request, tmp_path):
    folder = request.getfixturevalue(kind)
    commit = git(folder, "rev-parse", "HEAD")
    ours = open_commit(folder, tmp_path / "home", commit)
    theirs = open_source(folder, tmp_path / "home", commit)
    for name in ("root", "tree_id", "commit", "base", "dirty", "prefix", "whole"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for path in ("fairlead.yml", "fairlead.yaml", ".travis.yml", "other"):
        assert ours.tree.read(path) == theirs.tree.read(path), path


def test_the_first_files_are_read_with_the_commit(bare, tmp_path, monkeypatch):
    commit = git(bare, "rev-parse", "HEAD")
    first = open_commit(bare, tmp_path / "home", commit)
    monkeypatch.setattr(
        "fairlead.runner.checkout.source.try_git", lambda *args, **more: pytest.fail(str(args))
    )
    assert first.tree.read("fairlead.yml") == b"jobs: {a: {run: true}}\n"
    assert first.tree.read(".travis.yml") is None
    again = open_commit(bare, tmp_path / "home", commit)
    assert again.tree_id == first.tree_id


def test_where_it_left_the_default_branch_is_asked_again_when_that_moved(project, tmp_path):
    git(project, "checkout", "-q", "-b", "topic")
    git(project, "commit", "-q", "--allow-empty", "-m", "two")
    commit = git(project, "rev-parse", "HEAD")
    fork = git(project, "rev-parse", "main")
    assert open_commit(project, tmp_path / "home", commit).base == fork
    git(project, "branch", "-f", "main", commit)
    assert open_commit(project, tmp_path / "home", commit).base == fork  # now its parent
    git(project, "commit", "-q", "--allow-empty", "-m", "three")
    newer = git(project, "rev-parse", "HEAD")
    assert open_commit(project, tmp_path / "home", newer).base == commit


def test_a_commit_that_comes_later_is_found_then(project, bare, tmp_path):
    (project / "other").write_text("y")
    git(project, "commit", "-q", "-a", "-m", "More")
    commit = git(project, "rev-parse", "HEAD")
    with pytest.raises(RepositoryError, match="no such revision"):
        open_commit(bare, tmp_path / "home", commit)
    git(bare, "fetch", "-q", str(project), "main:main")
    assert open_commit(bare, tmp_path / "home", commit).tree.read("other") == b"y"


def test_a_tree_is_no_commit(project, tmp_path):
    tree = git(project, "rev-parse", "HEAD^{tree}")
    with pytest.raises(RepositoryError):
        open_commit(project, tmp_path / "home", tree)


def test_a_project_below_its_repository_has_its_own_tree(project, tmp_path):
    below = project / "sub"
    below.mkdir()
    (below / "fairlead.yml").write_text("jobs: {b: {run: true}}\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "Below")
    commit = git(project, "rev-parse", "HEAD")
    source = open_commit(below, tmp_path / "home", commit)
    assert source.tree.read("fairlead.yml") == b"jobs: {b: {run: true}}\n"
    assert source.prefix == "sub/"


def test_a_message_in_another_coding_and_a_signature_are_read(project, tmp_path):
    text = "encoding iso-8859-1\ngpgsig -----BEGIN\n one\n two\n\nGrüße\n".encode("iso-8859-1")
    tree = git(project, "rev-parse", "HEAD^{tree}")
    who = b"A <a@example.org> 1 +0000"
    raw = b"tree %s\nauthor %s\ncommitter %s\n%s" % (tree.encode(), who, who, text)
    commit = git(project, "hash-object", "-w", "-t", "commit", "--stdin", data=raw)
    found = open_commit(project, tmp_path / "home", commit).commit
    assert (found.message, found.author, found.parent) == ("Grüße", "a@example.org", "")


def test_a_repository_that_was_removed_is_an_error(bare, tmp_path):
    commit = git(bare, "rev-parse", "HEAD")
    shutil.rmtree(bare)
    commits._ask.cache_clear()
    with pytest.raises(RepositoryError):
        open_commit(bare, tmp_path / "home", commit)
