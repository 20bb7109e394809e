"""What is told of a repository without asking git is what git tells."""

import os
import subprocess

import pytest

from fairlead.runner.checkout import repository
from fairlead.runner.checkout.repository import find_repository


def git_s_answer(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(repository, "_ordinary", lambda _path: None)
        return find_repository(path)


@pytest.fixture
def repo(make_repo):
    made = make_repo()
    made.write("deep/below/file")
    made.commit()
    return made


def nothing(_repo):
    """Leave it as it is."""


def moved_settings(repo):
    repo.git("config", "core.worktree", str(repo.root / "deep"))


def included_settings(repo):
    (repo.root / "more").write_text(f"[core]\n\tworktree = {repo.root / 'deep'}\n")
    repo.git("config", "include.path", str(repo.root / "more"))


def linked_git_folder(repo):
    (repo.root / ".git").rename(repo.root.parent / "elsewhere")
    (repo.root / ".git").symlink_to(repo.root.parent / "elsewhere")


def git_file(repo):
    (repo.root / ".git").rename(repo.root.parent / "elsewhere")
    (repo.root / ".git").write_text(f"gitdir: {repo.root.parent / 'elsewhere'}\n")


def another_inside(repo):
    (repo.root / "deep/.git").mkdir()


def bare_inside(repo):
    subprocess.run(("git", "init", "-q", "--bare", "deep"), cwd=repo.root, check=True)


@pytest.mark.parametrize("below", [".", "deep", "deep/below"])
@pytest.mark.parametrize(
    "change",
    [
        nothing,
        moved_settings,
        included_settings,
        linked_git_folder,
        git_file,
        another_inside,
        bare_inside,
    ],
)
def test_it_is_the_same_as_git_s(repo, monkeypatch, change, below):
    change(repo)
    path = (repo.root / below).resolve()
    assert find_repository(path) == git_s_answer(path, monkeypatch)


def test_a_linked_work_tree(repo, monkeypatch):
    repo.git("worktree", "add", "-q", "../other")
    other = repo.root.parent / "other"
    assert find_repository(other) == git_s_answer(other, monkeypatch)


def test_an_ordinary_one_is_told_without_git(repo, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError

    monkeypatch.setattr(repository, "try_git", refuse)
    found = find_repository((repo.root / "deep").resolve())
    assert (found.top, found.prefix) == (repo.root.resolve(), "deep/")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_else_s_is_left_to_git(repo):
    os.chown(repo.root / ".git", 65534, 65534)
    assert repository._ordinary(repo.root.resolve()) is None
