"""A bucket on this machine, and web nodes that come and go."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest

BUCKET = """
import sys, time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """The address of an S3 server; its requests are logged."""
    pytest.importorskip("moto")
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", BUCKET],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    port = process.stdout.readline().strip()
    assert port, log.read_text()
    yield f"http://127.0.0.1:{port}"
    process.communicate()


@pytest.fixture
def bucket(moto, monkeypatch, django):
    """An empty bucket's storage, below a prefix."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    from fairlead.server.storage.bucket import BucketStorage
    from fairlead.server.storage.place import read_place

    name = f"bucket-{time.time_ns()}"
    storage = BucketStorage(read_place(f"s3://{name}/some/prefix?endpoint={moto}"))
    storage._client.create_bucket(Bucket=name)
    yield storage
    storage.close()


class Node:
    """A web node with nothing but the endpoint, on a port that stays the same."""

    def __init__(self) -> None:
        with create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = self._thread = None

    def start(self, app=None) -> None:
        import uvicorn

        from fairlead.server.storage import endpoint

        config = uvicorn.Config(
            app or endpoint.application,
            port=self.port,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()))
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)

    def stop(self) -> None:
        if self._thread:
            self._server.should_exit = True
            self._thread.join(20)
            self._thread = None


@pytest.fixture
def node(database):
    """A web node, not started."""
    node = Node()
    yield node
    node.stop()


@pytest.fixture
def folder(database):
    """What the node stores is here; empty."""
    from fairlead.util.fs import remove_tree

    root = Path(os.environ["FAIRLEAD_DATA"]) / "storage"
    remove_tree(root)
    root.mkdir()
    return root


@pytest.fixture
def token(database):
    """A worker's token."""
    from fairlead.server.services.tokens import issue

    return issue("worker", ["worker"])[1]


@pytest.fixture
def remote(node, folder, token):
    """The storage as a worker on another host has it; waits only briefly for a node."""
    from fairlead.server.storage.remote import HttpStorage

    storage = HttpStorage(node.url, token, patience=20, pause=lambda _: time.sleep(0.05))
    yield storage
    storage.close()


@contextmanager
def at_the_same_time(work):
    """Runs something beside; what it raised is raised at the end."""
    errors = []

    def once():
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    thread = threading.Thread(target=once)
    thread.start()
    yield thread
    thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


@pytest.fixture(name="beside")
def _beside():
    return at_the_same_time


@pytest.fixture
def wait_until():
    """Returns the first true value of a function."""

    def wait(what, seconds=20.0):
        end = time.monotonic() + seconds
        while not (value := what()):
            assert time.monotonic() < end, "it did not come to this"
            time.sleep(0.01)
        return value

    return wait
