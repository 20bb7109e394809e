"""Git is asked again whenever its answer could be another."""

import pytest

from fairlead.runner.checkout import heads
from fairlead.runner.checkout.heads import current_head, read_head
from fairlead.runner.checkout.repository import find_repository


@pytest.fixture
def repo(make_repo):
    made = make_repo()
    made.write("file")
    made.commit("first")
    return made


@pytest.fixture
def asked(monkeypatch):
    calls = []

    def counted(path, revision):
        calls.append(revision)
        return read_head(path, revision)

    monkeypatch.setattr(heads, "read_head", counted)
    return calls


def ask(repo, tmp_path):
    root = repo.root.resolve()
    return current_head(find_repository(root), root, tmp_path / "kept")


def test_nothing_changed(repo, tmp_path, asked):
    first = ask(repo, tmp_path)
    repo.write("file", "changed, but not committed")
    assert ask(repo, tmp_path) == first
    assert asked == ["HEAD"]


def commit(repo):
    repo.write("file", "two")
    repo.commit("second")


@pytest.mark.parametrize(
    "change",
    [
        commit,
        lambda repo: repo.git("commit", "-q", "--amend", "-m", "other words"),
        lambda repo: repo.git("checkout", "-q", "-b", "deep/branch"),
        lambda repo: repo.git("checkout", "-q", "--detach"),
        lambda repo: repo.git("tag", "v1"),
        lambda repo: repo.git("tag", "-a", "-m", "x", "deep/v2"),
        lambda repo: repo.git("branch", "-m", "main", "trunk"),
        lambda repo: repo.git("update-ref", "-d", "HEAD"),
    ],
)
def test_every_change_is_noticed(repo, tmp_path, asked, change):
    ask(repo, tmp_path)
    change(repo)
    assert ask(repo, tmp_path) == read_head(repo.root, "HEAD")
    assert len(asked) == 2


@pytest.mark.parametrize("after", [lambda _repo: None, lambda repo: repo.git("tag", "-d", "v1")])
def test_packed_refs(repo, tmp_path, after):
    repo.git("tag", "v1")
    repo.git("pack-refs", "--all")
    ask(repo, tmp_path)
    after(repo)
    assert ask(repo, tmp_path) == read_head(repo.root, "HEAD")


def test_the_tip_of_the_default_branch_moves(repo, tmp_path):
    repo.git("checkout", "-q", "-b", "change")
    ask(repo, tmp_path)
    repo.write("other")
    repo.commit()
    repo.git("branch", "-f", "main", "change")
    assert ask(repo, tmp_path) == read_head(repo.root, "HEAD")


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"state": 1}', b"\xff"])
def test_a_broken_memory_does_no_harm(repo, tmp_path, kept):
    (tmp_path / "kept").write_bytes(kept)
    assert ask(repo, tmp_path) == read_head(repo.root, "HEAD")
