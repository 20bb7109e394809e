"""Workers as processes, and projects whose builds take as long as a test wants."""

import os
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGCONT, SIGTERM

import pytest

AGENT = Path(__file__).with_name("agent.py")
QUICK = {
    "HEARTBEAT": "0.2",
    "STALLED": "1.5",
    "REAP": "0.3",
    "GRACE": "1",
    "LEASE": "1",
    "POLL": "0.5",
}


def wait_until(what, seconds=60.0):
    """Return the first true value of ``what()``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.03)
    return value


class Agent:
    """A worker; everything it says is in ``log``."""

    def __init__(self, name, url, folder, **more) -> None:
        self.log = folder / f"{name}.log"
        every = {f"FAIRLEAD_EVERY_{key}": value for key, value in QUICK.items()}
        told = {
            "FAIRLEAD_DATABASE_URL": url,
            "FAIRLEAD_HOME": str(folder / "home"),
            "FAIRLEAD_CONFIG": str(folder / "config"),
            "FAIRLEAD_SLOTS": "1",
        }
        env = {**os.environ, **told, **every, **more}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, AGENT, name], env=env, stderr=log)

    def signal(self, number) -> None:
        self.process.send_signal(number)

    def end(self, number=SIGTERM) -> int:
        """Send a signal, wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(30)

    @property
    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture
def agents(database, tmp_path):
    """Starts workers by name; those that are left are killed."""
    started = []

    def start(name, *, ready=True, **more):
        from fairlead.server.store.models import Worker

        agent = Agent(name, database, tmp_path, **more)
        started.append(agent)
        if ready:
            wait_until(lambda: Worker.objects.filter(name=name).exists())
        return agent

    yield start
    for agent in started:
        sys.stderr.write(agent.said)  # shown where the test failed
        if agent.process.poll() is None:
            agent.signal(SIGCONT)
            agent.process.kill()
            agent.process.wait()


@pytest.fixture(scope="module")
def lasting(django, tmp_path_factory):
    """A worker for all tests of a module; use ``worker``, which waits for it."""
    agent = Agent("lasting", django, tmp_path_factory.mktemp("lasting"))
    yield agent
    agent.end()


@pytest.fixture
def worker(lasting, database):
    """A worker that is there. Its rows were removed before the test: it registers anew."""
    from fairlead.server.store.models import Worker

    wait_until(Worker.objects.exists)
    yield lasting
    sys.stderr.write(lasting.said)


@pytest.fixture
def make_project(database, tmp_path):
    """Makes a project of one commit, with a script as its only step."""

    def make(script="true", *, name="sample", **fields):
        from fairlead.server.store.models import Project

        folder = tmp_path / name
        folder.mkdir()
        pipeline = "python: none\njobs:\n  only:\n    run:\n      - |\n"
        pipeline += "".join(f"        {line}\n" for line in script.splitlines())
        (folder / "fairlead.yml").write_text(fields.pop("pipeline", pipeline))
        git = ("git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org")
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "Begin"], check=True)
        return Project.objects.create(name=name, url=str(folder), **fields)

    return make


@pytest.fixture
def push(database):
    """Makes a build of a project's newest commit."""

    def create(project, **wish):
        from fairlead.model import Trigger
        from fairlead.server.services.builds import Wish
        from fairlead.server.services.builds import create as create_build

        git = ("git", "-C", project.url, "rev-parse", "HEAD")
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        branch = wish.pop("branch", "main")
        trigger = Trigger(event="push", branch=branch, commit=commit, trusted=True)
        return create_build(project, trigger, Wish(**wish))

    return create


@pytest.fixture
def reaches():
    """Waits until a build is in one of some states; returns its row as it is then."""

    def wait(build, *states, seconds=60.0):
        from fairlead.server.store.models import Build

        def look():
            now = Build.objects.select_related("project").get(pk=build.pk)
            return now if now.state in states else None

        return wait_until(look, seconds)

    return wait


@pytest.fixture
def log_of(database):
    """All of a build's log, from its chunks or from storage."""
    from fairlead.server.logs.errors import LogMissing
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.store.livelogs import open_log
    from fairlead.server.store.models import Attempt

    storage = FolderStorage(Path(os.environ["FAIRLEAD_DATA"]) / "storage")

    def once(attempt):
        log = open_log(attempt, storage)
        return b"".join(log.read(index) for index in range(len(log.blocks)))

    def read(build):
        data = b""
        ids = Attempt.objects.filter(job__build=build).order_by("id")
        for attempt in ids.values_list("id", flat=True):
            try:
                data += once(attempt)
            except LogMissing:
                data += once(attempt)
        return data

    return read


@pytest.fixture(name="wait_until")
def _wait_until():
    return wait_until
