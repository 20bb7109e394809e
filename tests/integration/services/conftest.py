"""Boxes to start services in."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from fairlead.model import Network
from fairlead.runner.sandbox import BoxSpec
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
from fairlead.runner.sandbox.choose import why_not_bubblewrap
from fairlead.runner.sandbox.helper import helper
from fairlead.runner.sandbox.keeper.tally import descendants
from fairlead.runner.sandbox.process import Process
from fairlead.runner.services import start_all

_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@pytest.fixture(params=["bubblewrap", "process"])
def sandbox(request, tmp_path):
    if request.param == "process":
        return Process()
    if trouble := why_not_bubblewrap(tmp_path / "cache"):
        pytest.skip(str(trouble))
    return Bubblewrap()


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("services")


class Jobs:
    """Opens a box, starts services in it, and runs scripts beside them."""

    def __init__(self, sandbox, folder, cache):
        self._sandbox = sandbox
        self._folder = folder
        self._cache = cache
        self._boxes = []
        self._started = []

    def open(self, network="none"):
        place = self._folder / f"job-{len(self._boxes)}"
        for name in ("ws", "services", "scratch"):
            (place / name).mkdir(parents=True)
        spec = BoxSpec(
            name="job",
            workspace=place / "ws",
            scratch=place / "scratch",
            writable=(place / "services",),
            network=Network(mode=network),
        )
        box = self._sandbox.open(spec)
        self._boxes.append(box)
        return SimpleNamespace(box=box, folder=place / "services", place=place)

    def start(self, job, *services, stop=lambda: ""):
        folder = job.folder
        started = start_all(services, job.box, folder, str(folder), self._cache, _ENV, stop)
        self._started.append(started)
        return started

    def run(self, job, script, env):
        running = job.box.start(("sh", "-c", script), {**_ENV, **dict(env)})
        data = b""
        while piece := os.read(running.output, 65536):
            data += piece
        until = time.monotonic() + 60
        while (code := running.poll()) is None and time.monotonic() < until:
            time.sleep(0.01)
        running.close()
        return code, data.decode()

    def close(self):
        for started in self._started:
            started.close()
        for box in self._boxes:
            box.close()


@pytest.fixture
def jobs(sandbox, tmp_path, cache):
    made = Jobs(sandbox, tmp_path, cache)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_left():
    """No service outlives its test, and nothing of it lies around in /tmp."""
    yield
    until = time.monotonic() + 60
    while descendants(helper()._pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not descendants(helper()._pid)
    assert not list(Path("/tmp").glob(f"fairlead-{os.getpid()}-*"))
