"""`fairlead serve` and its parts as people start them, on folders and ports of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from fairlead.util.fs import remove_tree

GIVE_UP = 60.0


def wait_until(what, seconds=GIVE_UP):
    """The first true value of ``what()``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.05)
    return value


def processes_of(mark):
    """Names of living processes, by number, that have a folder in their environment or words.

    PostgreSQL's own are given none of ours, so they are known by where they work.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            words = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            words += os.readlink(entry / "cwd").encode()
            if state != "Z" and mark.encode() in words:
                found[int(entry.name)] = (entry / "comm").read_text().strip()
    return found


class Fairlead:
    """One process of ours; what it prints is in ``log``."""

    def __init__(self, folder, name, argv, env, data="") -> None:
        self.log = folder / f"{name}.log"
        given = folder / f"{name}.in"
        given.write_text(data)
        with self.log.open("wb") as log, given.open("rb") as file:
            self.process = subprocess.Popen(
                argv, env=env, cwd="/", stdout=log, stderr=log, stdin=file
            )

    @property
    def pid(self):
        return self.process.pid

    @property
    def said(self):
        return self.log.read_text()

    def url(self):
        """Where it serves, once it says so."""

        def found():
            assert self.process.poll() is None, self.said
            words = [word for word in self.said.split() if word.startswith("http")]
            return words[0] if words else None

        return wait_until(found)

    def part(self, name):
        """The number of one of its processes, 0 where there is none."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z" and int(fields[1]) == self.pid:
                    comm = (entry / "comm").read_text().strip()
                    if comm == f"fairlead-{name}":
                        return int(entry.name)
        return 0

    def end(self, number=signal.SIGTERM):
        """Send a signal, wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(GIVE_UP)


def memory():
    """A folder in memory where that has room: PostgreSQL waits for disks a lot."""
    with suppress(OSError):
        status = os.statvfs("/dev/shm")
        fits = status.f_bavail * status.f_frsize > 2 << 30
        if fits and not status.f_flag & os.ST_NOEXEC and os.access("/dev/shm", os.W_OK):
            return "/dev/shm"
    return "/tmp"


@contextmanager
def short_folder():
    """A folder that PostgreSQL's user may enter, with a short path; nothing may be left of it."""
    folder = Path(tempfile.mkdtemp(prefix="fl-serve-", dir=memory()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for pid in processes_of(str(folder)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        remove_tree(folder)


def surroundings(folder, variables):
    """The environment of an installation below ``folder``."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("FAIRLEAD_")}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env |= {
        "HOME": str(folder / "home"),
        "FAIRLEAD_DATA": str(folder / "data"),
        "FAIRLEAD_HOME": str(folder / "cache"),
        "FAIRLEAD_CONFIG": str(folder / "config"),
        "FAIRLEAD_LISTEN": "127.0.0.1:0",
    }
    return env | {f"FAIRLEAD_{key}": str(value) for key, value in variables.items()}


@pytest.fixture
def folder():
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def template():
    """The data folder of a server that was started once, and stopped."""
    with short_folder() as folder:
        argv = (sys.executable, "-m", "fairlead", "serve")
        server = Fairlead(folder, "template", argv, surroundings(folder, {}))
        server.url()
        assert server.end() == 0, server.said
        yield folder / "data"


@pytest.fixture
def start(folder):
    """Start a command; variables by name. What still runs at the end is killed."""
    started = []

    def start(*words, name="serve", before=(), data="", **variables):
        env = surroundings(folder, variables)
        argv = (*before, sys.executable, "-m", "fairlead", *words)
        begun = Fairlead(folder, f"{name}-{len(started)}", argv, env, data)
        started.append(begun)
        return begun

    yield start
    for begun in started:
        sys.stderr.write(begun.said)  # shown where the test failed
        if begun.process.poll() is None:
            begun.process.kill()
            begun.process.wait()


def is_ready(url):
    """Whether a web node and what it needs are as they should be."""
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url.rstrip('/')}/readyz", timeout=60).status_code == 200
    return False


@pytest.fixture
def serve(start, folder, template):
    """Start a server that was made before, wait until it serves; returns it and its URL."""

    def begin(**variables):
        if not (folder / "data").exists():
            subprocess.run(("cp", "-a", template, folder / "data"), check=True)
        server = start("serve", **variables)
        url = server.url()
        assert is_ready(url)
        return server, url

    return begin


@pytest.fixture
def until():
    return wait_until


@pytest.fixture
def ready():
    return is_ready


@pytest.fixture
def processes(folder):
    """What lives of this test's installation."""
    return lambda: processes_of(str(folder))


@pytest.fixture
def nobody():
    """What goes before a command that is not to be root's: the same files, another number."""
    if os.geteuid():
        return ()
    words = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    done = subprocess.run((*words, "true"), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    return words
