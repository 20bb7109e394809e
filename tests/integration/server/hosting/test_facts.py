"""What is told of a pushed commit, by its file or by git: the same."""

import pytest

from fairlead.errors import RepositoryError
from fairlead.server.hosting import facts
from fairlead.triggers.push import ref_update

ZEROS = "0" * 40


def update(before, after, ref="refs/heads/main"):
    return ref_update(ref, before, after)


def test_a_small_push_and_git_agree(client):
    first = client.begin()
    client.env["GIT_AUTHOR_NAME"] = "Zoë <odd"
    second = client.commit(message="Subject ü\n\nBody\n\n[skip ci]\n", x="1", y="2")
    meta = client.folder / ".git"
    quick = facts.look_up(meta, update(first, second))
    assert quick.changed == ("x", "y")
    assert quick == facts._ask(meta, first, second)
    assert facts.look_up(meta, update(ZEROS, second)) == facts._ask(meta, None, second)
    client("gc", "-q")
    assert facts.look_up(meta, update(first, second)) == quick


def test_signed_and_foreign_commits_are_read(client):
    first = client.begin()
    client("-c", "i18n.commitEncoding=latin1", "commit", "-q", "--allow-empty", "-F", "-", data="x")
    second = client.head()
    text = client("cat-file", "commit", second).stdout
    signed = text.replace("encoding latin1\n", "gpgsig -----BEGIN\n a\n \n b\n")
    third = client("hash-object", "-w", "-t", "commit", "--stdin", data=signed).stdout.strip()
    meta = client.folder / ".git"
    for commit in (second, third):
        found = facts.look_up(meta, update(first, commit))
        assert (found.author, found.message, found.forced) == ("T", "x", False)


def test_a_tag_stands_for_its_commit_or_for_none(client):
    head = client.begin()
    client("tag", "-a", "v1", "-m", "v1")
    client("tag", "blob", "HEAD:fairlead.yml")
    meta = client.folder / ".git"
    tag, blob = client("rev-parse", "v1", "blob").stdout.split()
    assert facts.look_up(meta, update(ZEROS, tag, "refs/tags/v1")).commit == head
    with pytest.raises(RepositoryError, match="no commit"):
        facts.look_up(meta, update(ZEROS, blob, "refs/tags/blob"))


def test_a_change_of_many_paths_is_not_told(client, monkeypatch):
    first = client.begin()
    second = client.commit(x="1", y="1")
    monkeypatch.setattr(facts, "MOST_PATHS", 1)
    assert facts.look_up(client.folder / ".git", update(first, second)).changed is None


def test_going_back_is_forced(client):
    first = client.begin()
    second = client.commit(x="1")
    assert facts.look_up(client.folder / ".git", update(second, first)).forced
