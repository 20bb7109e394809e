"""Pushes that are too big, too many refs at once, of names and refs that are none of theirs."""

import os
import shutil

import msgspec
import pytest


@pytest.fixture
def limited(monkeypatch):
    """Sets this server's limit for a repository, in bytes."""
    from django.conf import settings

    def limit(size):
        told = msgspec.structs.replace(settings.FAIRLEAD, repository_limit=size)
        monkeypatch.setattr(settings, "FAIRLEAD", told)

    return limit


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def refs(client, url):
    return client("ls-remote", url).stdout.split("\n")[:-1]


def test_ten_thousand_refs_are_taken_and_only_the_default_branch_built(hosted, client, raw_push):
    client.begin()
    names = ["refs/heads/main", *(f"refs/heads/b{n}" for n in range(10_000))]
    said = raw_push(names)
    assert [build.branch for build in builds()] == ["main"]
    assert "10,000 refs: nothing is built: one push moved 10,001 refs" in said
    assert said.count("ok refs/heads/b") > 9_990  # a packet may end within one
    assert "ng refs" not in said


def test_an_option_cannot_pass_for_refs(hosted, client, raw_push):
    client.begin()
    odd = f"x\n{'0' * 40} {client.head()} refs/heads/other"
    said = raw_push(["refs/heads/main"], [odd, "$(touch x)`y`\"'"] * 30)
    assert "build 1: http" in said
    assert [build.branch for build in builds()] == ["main"]


def test_twenty_refs_are_built_each(hosted, client, token):
    client.begin()
    names = [f"main:refs/heads/b{n}" for n in range(20)]
    client("push", "-q", client.url(secret=token("push")), *names)
    assert len(builds()) == 20


def test_a_repository_over_its_limit_takes_no_more(hosted, client, token, limited, told):
    from fairlead.server.hosting import repositories

    client.begin()
    url = client.url(secret=token("push", "read"))
    limited(300_000)
    (client.folder / "one").write_bytes(os.urandom(200_000))
    client.commit()
    client("push", "-q", url, "main")
    before = refs(client, url)
    (client.folder / "two").write_bytes(os.urandom(200_000))
    client.commit()
    done = client("push", url, "main", check=False)
    assert done.returncode
    assert "remote: with this push the repository would take 0.4 MiB" in done.stderr
    assert refs(client, url) == before
    assert len(builds()) == 1
    assert repositories.size(repositories.folder(told, "sample")) < 300_000


def test_one_huge_object_is_refused_as_it_comes(hosted, client, token, limited):
    client.begin()
    limited(100_000)
    (client.folder / "huge").write_bytes(os.urandom(600_000))
    client.commit()
    url = client.url(secret=token("push", "read"))
    done = client("push", url, "main", check=False)
    assert done.returncode
    assert "maximum allowed size" in done.stderr
    assert not refs(client, url)


def test_a_chunked_and_compressed_push_is_taken(hosted, client, token):
    client.begin()
    for number in range(40):
        (client.folder / f"f{number}").write_bytes(os.urandom(9_000))
    client.commit()
    url = client.url(secret=token("push"))
    client("-c", "http.postBuffer=65536", "push", "-q", url, "main")
    assert builds()


@pytest.mark.parametrize("name", ["a<b>&'\"", "$(x)`y`", "ü/ß", "a;b|c", "x" * 200])
def test_hostile_names_of_branches_are_only_names(hosted, client, token, name):
    client.begin()
    said = client("push", client.url(secret=token("push")), f"main:refs/heads/{name}").stderr
    assert "remote: build 1" in said
    assert builds()[0].branch == name


def test_nobody_sees_or_writes_refs_of_ours(hosted, client, token, told):
    from fairlead.server.hosting import hidden, repositories

    head = client.begin()
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "main")
    client("push", "-q", url, "main:other")
    repository = repositories.folder(told, "sample")
    hidden.hold_pending(repository, None, [head])
    assert not [line for line in refs(client, url) if "fairlead" in line]
    done = client("push", url, "main:refs/fairlead/pending/x", check=False)
    assert "deny updating a hidden ref" in done.stderr


def test_a_broken_object_is_refused(hosted, client, token):
    client.begin()
    path = client.folder / "tree"
    path.write_bytes(b"100644 .git\0" + bytes.fromhex(client.head()))
    made = client("hash-object", "-w", "--literally", "-t", "tree", path).stdout.strip()
    commit = client("commit-tree", "-m", "x", made).stdout.strip()
    url = client.url(secret=token("push"))
    done = client("push", url, f"{commit}:refs/heads/x", check=False)
    assert done.returncode
    assert not builds()


def test_what_a_branch_was_forced_away_from_is_kept_for_its_builds(
    hosted, client, token, told, wait_until
):
    from fairlead.server.hosting import repositories

    first = client.begin()
    url = client.url(secret=token("push"))
    client("push", "-q", url, "main")
    client("commit", "-q", "--amend", "-m", "Other")
    client("push", "-q", "-f", url, "main")
    repository = repositories.folder(told, "sample")
    names = ("for-each-ref", "refs/fairlead/kept/")
    wait_until(lambda: first in client("-C", repository, *names).stdout)


def test_the_default_branch_is_what_clones_check_out(make_hosted, client, token, tmp_path):
    make_hosted(default_branch="trunk")
    client.begin(branch="trunk")
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "trunk")
    client("clone", "-q", url, tmp_path / "copy")
    assert client("-C", tmp_path / "copy", "branch", "--show-current").stdout == "trunk\n"


def test_a_full_disk_refuses_the_push_and_keeps_what_was_there(
    hosted, client, told, token, tmp_path, monkeypatch, wait_until
):
    """As git sees a full disk: what it writes beyond some bytes is refused."""
    from fairlead.server.hosting import repositories

    client.begin()
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "main")
    before = client.head()
    path = repositories.folder(told, "sample")
    small = tmp_path / "small"
    small.mkdir()
    script = f"#!/bin/sh\ntrap '' XFSZ\nulimit -f 100\nexec {shutil.which('git')} \"$@\"\n"
    (small / "git").write_text(script)
    (small / "git").chmod(0o755)
    (client.folder / "big").write_bytes(os.urandom(1 << 20))
    client.commit()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{small}{os.pathsep}{os.environ['PATH']}")
        refused = client("push", url, "main", check=False)
    assert refused.returncode
    assert "File too large" in refused.stderr
    assert repositories.tip(path, "refs/heads/main") == before
    wait_until(lambda: not list((path / "objects").glob("tmp_objdir-*")))
    client("push", "-q", url, "main")
    assert repositories.tip(path, "refs/heads/main") == client.head()
