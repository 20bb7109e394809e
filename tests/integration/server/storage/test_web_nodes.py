"""Files that come over the network: who may send them, and all that goes wrong on the way."""

import http.client
import os
import resource
import subprocess
import sys
import time

import httpx
import pytest

from fairlead.errors import StoreError


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def ask(node, token):
    """Send a request; ``as_`` is another token, or none."""
    node.start()

    def send(method, name, *, as_=token, **more):
        headers = {"Authorization": f"Bearer {as_}"} if as_ else {}
        headers |= more.pop("headers", {})
        return httpx.request(method, f"{node.url}/internal/storage/{name}", headers=headers, **more)

    return send


def test_only_workers_get_in(ask, folder):
    from fairlead.server.services.tokens import issue

    people = issue("someone", ["admin", "push", "build", "read"])[1]
    for token in ("", "fl_nonsense", people):
        for method in ("PUT", "GET", "HEAD", "DELETE"):
            content = {"content": b"x"} if method == "PUT" else {}
            assert ask(method, "logs/1", as_=token, **content).status_code == 401
    assert files(folder) == []


def test_a_token_for_one_project_opens_nothing(ask, folder):
    from fairlead.server.services.tokens import issue
    from fairlead.server.store.models import Project

    project = Project.objects.create(name="p")
    token = issue("one", ["worker"], project=project)[1]
    assert ask("PUT", "logs/1", as_=token, content=b"x").status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fsecret_key", "a/%2e%2e/%2e%2e/b", "%2e%2e", "a//b", "%2fetc/passwd", "a%00b",
        ".aside-1", "a/.hidden", "a%5c..%5cb", "", "a/", "%C3%A9", "x" * 301,
    ],
)  # fmt: skip
def test_names_lead_nowhere_else(ask, folder, name):
    for method in ("PUT", "GET", "DELETE"):
        content = {"content": b"x"} if method == "PUT" else {}
        answer = ask(method, name, **content)
        assert answer.status_code == 400, answer.text
    assert files(folder.parent / "storage") == []


def test_ranges(ask, folder):
    assert ask("PUT", "logs/1", content=b"0123456789").status_code == 201

    def span(text):
        answer = ask("GET", "logs/1", headers={"Range": text})
        return answer.status_code, answer.content, answer.headers.get("Content-Range")

    assert span("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert span("bytes=8-") == (206, b"89", "bytes 8-9/10")
    assert span("bytes=8-100") == (206, b"89", "bytes 8-9/10")
    assert span("bytes=10-11") == (416, b"", "bytes */10")
    # What is not understood is answered with all of it, as RFC 9110 wants.
    assert span("lines=1-2")[:2] == (200, b"0123456789")
    assert span("bytes=4-2")[0] == 416
    assert ask("HEAD", "logs/1").headers["Content-Length"] == "10"
    assert ask("POST", "logs/1", content=b"").status_code == 405


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_body_that_is_cut_leaves_what_was_there(ask, node, folder, token, before, wait_until):
    if before is not None:
        ask("PUT", "logs/1", content=before)
    connection = http.client.HTTPConnection("127.0.0.1", node.port)
    connection.putrequest("PUT", "/internal/storage/logs/1")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", "5000000")
    connection.endheaders()
    connection.send(b"x" * 1_000_000)
    wait_until(lambda: any(".aside-" in name for name in files(folder)))
    connection.close()
    wait_until(lambda: not any(".aside-" in name for name in files(folder)))
    assert files(folder) == (["logs/1"] if before else [])
    if before:
        assert (folder / "logs/1").read_bytes() == before


def test_a_body_of_unknown_length_is_refused(ask, folder):
    def pieces():
        yield b"x"

    assert ask("PUT", "logs/1", content=pieces()).status_code == 411
    assert files(folder) == []


def test_a_worker_waits_for_a_node_that_is_away(node, remote, folder, beside):
    def write():
        assert remote.write("logs/1", [b"a log"]) == 5

    with beside(write):
        time.sleep(0.3)  # it tries in vain meanwhile; passes whatever it does in that time
        node.start()
    assert (folder / "logs/1").read_bytes() == b"a log"
    node.stop()
    with beside(lambda: remote.read("logs/1", 0, 9)):
        node.start()


def test_a_node_that_ends_in_the_middle_of_a_file(node, remote, folder, beside, wait_until):
    data = os.urandom(1 << 20)
    sizes = []

    def pieces():
        for _ in range(30):
            yield data

    node.start()
    with beside(lambda: sizes.append(remote.write("logs/1", pieces()))):
        wait_until(lambda: files(folder))
        node.stop()
        node.start()
    assert sizes == [30 << 20]
    assert files(folder) == ["logs/1"]
    assert (folder / "logs/1").stat().st_size == 30 << 20


def test_answers_that_mean_later(remote, node, folder):
    from fairlead.server.storage import endpoint

    refusals = [503, 429, 502]

    async def app(scope, receive, send):
        if not refusals:
            await endpoint.application(scope, receive, send)
            return
        await receive()
        start = {"type": "http.response.start", "status": refusals.pop(0), "headers": []}
        await send(start)
        await send({"type": "http.response.body"})

    node.start(app)
    assert remote.write("logs/1", [b"x"]) == 1
    assert refusals == []
    assert (folder / "logs/1").read_bytes() == b"x"


def test_patience_ends(node, token):
    from fairlead.server.storage.remote import HttpStorage

    storage = HttpStorage(node.url, token, patience=0.5, pause=lambda _: None)
    with pytest.raises(StoreError, match="no web node answers"):
        storage.write("logs/1", [b"x"])
    with pytest.raises(StoreError, match="no web node answers"):
        storage.check()
    storage.close()


def test_a_wrong_token_is_said_at_once_also_for_a_large_file(node, folder):
    from fairlead.server.storage.remote import HttpStorage

    node.start()
    storage = HttpStorage(node.url, "fl_wrong", pause=lambda _: time.sleep(0.05))
    for size in (1, 30 << 20):
        with pytest.raises(StoreError, match="does not take files from this worker"):
            storage.write("logs/1", [bytes(size)])
    with pytest.raises(StoreError, match="does not take files"):
        storage.check()
    storage.close()


def test_the_token_that_all_were_told(node, folder, monkeypatch):
    import msgspec
    from django.conf import settings

    from fairlead.server.storage import open_storage

    told = msgspec.structs.replace(settings.FAIRLEAD, worker_token="shared", url=node.url)
    monkeypatch.setattr(settings, "FAIRLEAD", told)
    node.start()
    storage = open_storage(told, worker=True)
    storage.write("artifacts/1", [b"x"])
    assert (folder / "artifacts/1").read_bytes() == b"x"
    assert open_storage(told, worker=True) is storage
    assert open_storage(told) is not storage
    storage.close()


def test_a_full_disk_there_is_said_here(node, remote, folder, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    node.start()
    remote.write("logs/1", [b"old"])
    monkeypatch.setattr("fairlead.server.logs.storage.os.fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        remote.write("logs/1", [b"new"])
    assert "free some space" in caught.value.hint
    assert remote.read("logs/1", 0, 9) == b"old"


SENDER = """
import sys
from pathlib import Path
from fairlead.server.storage.remote import HttpStorage
storage = HttpStorage(sys.argv[1], sys.argv[2])
size = storage.write("logs/1", (bytes(1 << 20) for _ in range(200)))
print(size, Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def test_neither_side_holds_a_file_in_memory(node, token, folder):
    node.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, as all here
    argv = [sys.executable, "-c", SENDER, node.url, token]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    size, most = map(int, done.stdout.split())
    assert size == 200 << 20
    assert most < 100 << 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
