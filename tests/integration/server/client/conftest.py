"""A whole installation with a worker, and a person at another machine who speaks to it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

LATEST = 240  # seconds after which what should have ended hangs

PIPELINE = """\
jobs:
  unit:
    python: "{python}"
    install: {{packages: [greet]}}
    run:
      - python -c "import greet; print('greet', greet.VERSION, flush=True)"
      - echo "word $WORD, branch $FAIRLEAD_BRANCH"
      - for n in $(seq 1 60); do echo "line $n"; sleep 0.05; done; printf 'no end'
      - mkdir -p dist && echo made > dist/made.txt
    artifacts: [dist/*]
  bad:
    python: none
    run: echo "something is wrong"; exit 3
"""


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


def environ(**more):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FAIRLEAD", "GIT_", "PIP_", "UV_", "DJANGO", "GITHUB_"))
    }
    return kept | {"NO_PROXY": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull} | more


class Installation:
    """`fairlead serve` in a process of its own, which can be stopped and started."""

    def __init__(self, url, root):
        self.root = root
        self.url = f"http://127.0.0.1:{free_port()}"
        self.env = environ(
            FAIRLEAD_DATABASE_URL=url,
            FAIRLEAD_DATA=str(root / "data"),
            FAIRLEAD_HOME=str(root / "home"),
            FAIRLEAD_LISTEN=self.url.removeprefix("http://"),
            FAIRLEAD_SECRET_KEY="for tests",
        )
        self.process = None

    def start(self):
        argv = (sys.executable, "-m", "fairlead", "serve")
        with (self.root / "out").open("wb") as out, (self.root / "err").open("wb") as err:
            self.process = subprocess.Popen(argv, env=self.env, stdout=out, stderr=err)
        end = time.monotonic() + LATEST
        while b"Fairlead is at" not in (self.root / "out").read_bytes():
            assert self.process.poll() is None, (self.root / "err").read_text()[-3000:]
            assert time.monotonic() < end
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LATEST)

    def token(self, *scopes):
        from fairlead.server.access import Scope
        from fairlead.server.services.tokens import issue

        return issue("person", [Scope(scope) for scope in scopes])[1]

    def make_project(self, name):
        header = {"Authorization": f"Bearer {self.token('admin')}"}
        made = httpx.post(f"{self.url}/api/v1/projects", json={"name": name}, headers=header)
        assert made.status_code == 201, made.text


class Person:
    """Somebody with a clone, a token and a `fairlead` of their own."""

    def __init__(self, server, folder, **more):
        self.server, self.folder = server, folder
        self.env = environ(
            FAIRLEAD_CONFIG=str(folder.parent / "config"),
            FAIRLEAD_HOME=str(folder.parent / "cache"),
            COLUMNS="120",
            **more,
        )
        folder.mkdir(parents=True)

    def begin(self, *args, **more):
        argv = (sys.executable, "-m", "fairlead", *args)
        return subprocess.Popen(
            argv, cwd=self.folder, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **more,
        )  # fmt: skip

    def __call__(self, *args, given="", code=0):
        out, err = (process := self.begin(*args)).communicate(given.encode(), LATEST)
        assert process.returncode == code, (out + err).decode()
        return SimpleNamespace(raw=out, out=out.decode(), err=err.decode())

    def git(self, *args, **env):
        who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
        done = subprocess.run(
            ("git", *who, *args), cwd=self.folder, env=self.env | env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip() + done.stderr


@pytest.fixture
def wheels(tmp_path):
    """A folder of packages: `put` adds a version of greet."""
    import importlib.util

    path = Path(__file__).parents[2] / "environments" / "conftest.py"
    spec = importlib.util.spec_from_file_location("wheel_maker", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path / "wheels"

    def put(version):
        module.make_wheel(folder, "greet", version, {"greet.py": f"VERSION = '{version}'\n"})

    put("1.0")
    return SimpleNamespace(folder=folder, put=put)


@pytest.fixture
def serving(database, tmp_path, wheels):
    root = tmp_path / "server"
    root.mkdir()
    made = Installation(database, root)
    made.env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels.folder)}
    made.start()
    yield made
    made.stop()


@pytest.fixture
def person(serving, tmp_path, wheels):
    """Logged in, with a clone of the hosted project `shop` and one commit in it."""
    token = serving.token("read", "build", "push")
    serving.make_project("shop")
    made = Person(
        serving, tmp_path / "person" / "shop",
        PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels.folder),
    )  # fmt: skip
    made.token = token
    made("login", serving.url, given=token)
    python = "{}.{}".format(*sys.version_info[:2])
    made.git("init", "-q", "-b", "main")
    (made.folder / "fairlead.yml").write_text(PIPELINE.format(python=python))
    made.git("add", "-A")
    made.git("commit", "-qm", "Begin")
    made.git("remote", "add", "origin", f"{serving.url}/git/shop.git")
    return made


@pytest.fixture
def number():
    """The number in what `fairlead trigger` says."""

    def find(text):
        return re.search(r"build shop/(\d+) is ", text)[1]

    return find
