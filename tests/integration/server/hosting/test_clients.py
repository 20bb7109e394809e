"""Clients that go silent, go away or say nonsense leave neither processes nor half a push."""

import asyncio
import os
import socket
from pathlib import Path

import httpx
import pytest


def children():
    """Command lines of git's processes below this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = path.read_text()
            words = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(facts.rpartition(")")[2].split()[1]) == os.getpid() and "http-backend" in words:
            found.append(words)
    return found


@pytest.fixture
def connect(node, basic, token):
    """Opens a connection on which a push has begun, and no more comes."""
    header = basic(token("push", "read"))

    def begin(body=b"", length=100_000):
        head = (
            "POST /git/sample.git/git-receive-pack HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {header}\r\nContent-Length: {length}\r\n"
            "Content-Type: application/x-git-receive-pack-request\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", node.port), 20)
        connection.sendall(head.encode() + body)
        return connection

    return begin


def test_a_client_that_goes_away_leaves_nothing(
    hosted, client, told, connect, raw_push, wait_until
):
    from fairlead.server.hosting import repositories

    client.begin()
    (client.folder / "big").write_bytes(os.urandom(200_000))
    client.commit()
    body = raw_push.body(["refs/heads/main"])
    with connect(body[:-50_000], len(body)):
        wait_until(children)
    wait_until(lambda: not children())
    path = repositories.folder(told, "sample")
    assert repositories.tip(path, "refs/heads/main") is None
    wait_until(lambda: not list((path / "objects").glob("tmp_objdir-*")))


def test_a_silent_client_is_given_up(hosted, client, connect, wait_until, monkeypatch):
    from fairlead.server.hosting import exchange

    monkeypatch.setattr(exchange, "SILENCE", 2.0)  # for as long there is a child to be seen
    with connect() as connection:
        wait_until(children)
        wait_until(lambda: not children())
        while connection.recv(1000):
            pass


@pytest.mark.parametrize("body", [b"", b"0000", b"zzzz", b"00", b"ffff" + b"x" * 99, b"\x1f\x8b"])
def test_nonsense_is_answered_and_forgotten(hosted, node, basic, token, wait_until, body):
    answer = httpx.post(
        f"{node.url}/git/sample.git/git-receive-pack",
        headers={
            "Authorization": basic(token("push", "read")),
            "Content-Type": "application/x-git-receive-pack-request",
        },
        content=body,
    )
    assert answer.status_code in (200, 400, 500, 503)
    wait_until(lambda: not children())


def test_another_content_type_is_refused(hosted, node, basic, token):
    answer = httpx.post(
        f"{node.url}/git/sample.git/git-receive-pack",
        headers={"Authorization": basic(token("push", "read")), "Content-Type": "text/plain"},
        content=b"0000",
    )
    assert answer.status_code == 415


def test_many_fetch_and_push_at_once(hosted, client, token, tmp_path):
    client.begin()
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "main")
    going = [client.start("clone", "-q", url, tmp_path / f"c{n}") for n in range(4)]
    going += [client.start("push", "-q", url, f"main:b{n}") for n in range(4)]
    for one in going:
        assert not one.communicate(timeout=60)[0]
        assert not one.returncode


def test_fetches_beyond_the_limit_wait_for_their_turn(
    hosted, client, token, tmp_path, monkeypatch, wait_until
):
    """One that got no place in time is told so; pushes need none."""
    from fairlead.server.hosting import turns

    client.begin()
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "main")
    held = asyncio.Semaphore(0)
    monkeypatch.setattr(turns, "_turns", Everywhere(held))
    going = client.start("clone", "-q", url, tmp_path / "waits")
    wait_until(lambda: held._waiters)
    for _ in range(2):
        held._loop.call_soon_threadsafe(held.release)
    going.communicate(timeout=60)
    assert not going.returncode
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    monkeypatch.setattr(turns, "_turns", Everywhere(asyncio.Semaphore(0)))
    refused = client("clone", url, tmp_path / "refused", check=False)
    assert "503" in refused.stderr
    client("push", "-q", url, "main:other")


class Everywhere:
    """The same places, whichever event loop asks."""

    def __init__(self, places):
        self.places = places

    def setdefault(self, *_):
        return self.places


def test_what_git_complains_of_is_logged(hosted, client, told, token, caplog, wait_until):
    from fairlead.server.hosting import repositories

    client.begin()
    url = client.url(secret=token("push", "read"))
    client("push", "-q", url, "main")
    (repositories.folder(told, "sample") / "HEAD").write_text("nonsense")
    assert client("ls-remote", url, check=False).returncode
    wait_until(lambda: "git http-backend: Not a git repository" in caplog.text)
