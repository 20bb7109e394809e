"""A web node on a free port, projects with repositories, and a git of nobody's settings."""

import base64
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest


def wait_until(what, seconds=60.0):
    """Return the first true value of ``what()``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.03)
    return value


@pytest.fixture(name="wait_until")
def _wait_until():
    return wait_until


class Node:
    """uvicorn in a thread of this process."""

    def __init__(self) -> None:
        import uvicorn

        from fairlead.server.hosting.asgi import application

        config = uvicorn.Config(
            application, port=0, lifespan="off", log_level="error", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        wait_until(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def node(django):
    """The web node of a module's tests."""
    node = Node()
    yield node
    node.stop()


@pytest.fixture
def told(database):
    from django.conf import settings

    return settings.FAIRLEAD


@pytest.fixture
def make_hosted(told):
    """Makes hosted projects; their repositories go with the test."""
    from fairlead.server.hosting import repositories
    from fairlead.server.services import projects

    names = []

    def make(name="sample", **fields):
        names.append(name)
        return projects.create(name, **fields)

    yield make
    for name in names:
        repositories.remove(told, name)


@pytest.fixture
def hosted(make_hosted):
    return make_hosted()


@pytest.fixture
def token(database):
    """Issues tokens of some scopes."""
    from fairlead.server.access import Scope
    from fairlead.server.services import tokens

    def issue(*scopes, **more):
        return tokens.issue("t", [Scope(scope) for scope in scopes], **more)[1]

    return issue


class Git:
    """A work tree and a client with nobody's settings."""

    def __init__(self, folder: Path, node: Node) -> None:
        self.folder, self.node = folder, node
        folder.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        who = {"NAME": "T", "EMAIL": "t@example.org"}
        self.env = {
            **kept,
            **{f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()},
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    def url(self, project="sample", secret=""):
        start = f"http://me:{secret}@" if secret else "http://"
        return f"{start}127.0.0.1:{self.node.port}/git/{project}.git"

    def __call__(self, *words, data=None, check=True):
        done = subprocess.run(
            ["git", *map(str, words)], cwd=self.folder, env=self.env, input=data,
            capture_output=True, text=True, check=False, timeout=60, errors="replace",
        )  # fmt: skip
        assert not check or not done.returncode, done.stderr
        return done

    def start(self, *words):
        return subprocess.Popen(
            ["git", *map(str, words)], cwd=self.folder, env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    @staticmethod
    def interrupt(going):
        """As Ctrl-C does: git with its helpers."""
        os.killpg(going.pid, signal.SIGTERM)
        going.communicate(timeout=60)

    def begin(self, script="true", *, branch="main"):
        self("init", "-q", "-b", branch)
        return self.commit(script)

    def commit(self, script="true", message="Begin", **files):
        pipeline = "python: none\njobs:\n  only:\n    run:\n      - |\n"
        pipeline += "".join(f"        {line}\n" for line in script.splitlines())
        for name, text in {"fairlead.yml": pipeline, **files}.items():
            (self.folder / name).write_text(text)
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self):
        return self("rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def client(node, tmp_path):
    return Git(tmp_path / "client", node)


@pytest.fixture
def basic():
    """The value of an Authorization header."""

    def make(secret):
        return "Basic " + base64.b64encode(f"me:{secret}".encode()).decode()

    return make


def packet(data):
    return f"{len(data) + 4:04x}".encode() + data


class RawPush:
    """A push without a client, which itself is slow with many refs and takes no odd options."""

    def __init__(self, client, basic, secret) -> None:
        self.client, self._headers = client, {"Authorization": basic(secret)}
        self._headers["Content-Type"] = "application/x-git-receive-pack-request"

    def body(self, refs, options=()):
        capabilities = b"\0 report-status side-band-64k" + (b" push-options" if options else b"")
        head = self.client.head()
        lines = [f"{'0' * 40} {head} {name}".encode() for name in refs]
        lines[0] += capabilities
        told = b"".join(map(packet, lines)) + b"0000"
        if options:
            told += b"".join(packet(option.encode()) for option in options) + b"0000"
        pack = subprocess.run(
            ["git", "pack-objects", "--revs", "--stdout", "-q"], cwd=self.client.folder,
            input=head.encode(), env=self.client.env, capture_output=True, check=True,
        )  # fmt: skip
        return told + pack.stdout

    def __call__(self, refs, options=(), project="sample"):
        import httpx

        url = f"{self.client.url(project)}/git-receive-pack"
        body = self.body(refs, options)
        answer = httpx.post(url, headers=self._headers, content=body, timeout=60)
        return answer.content.decode(errors="replace")


@pytest.fixture
def raw_push(client, basic, token):
    return RawPush(client, basic, token("push", "read"))
