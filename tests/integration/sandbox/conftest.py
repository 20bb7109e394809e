"""Boxes for tests, and a look at what every test leaves behind."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from fairlead.errors import SandboxFailed
from fairlead.model import Limits, Network
from fairlead.runner.sandbox import BoxSpec
from fairlead.runner.sandbox import bubblewrap as bubblewrap_module
from fairlead.runner.sandbox import helper as helper_module
from fairlead.runner.sandbox import process as process_module
from fairlead.runner.sandbox.cgroup import Groups
from fairlead.runner.sandbox.choose import why_not_bubblewrap
from fairlead.runner.sandbox.helper import helper
from fairlead.runner.sandbox.keeper.tally import descendants

PYTHON = os.path.realpath(sys.executable)


def pytest_generate_tests(metafunc):
    named = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "kind" in metafunc.fixturenames and "kind" not in named:
        metafunc.parametrize("kind", ["bubblewrap", "process"])


@pytest.fixture
def sandbox(kind, tmp_path):
    if kind == "process":
        return process_module.Process()
    if trouble := why_not_bubblewrap(tmp_path / "cache"):
        pytest.skip(str(trouble))
    return bubblewrap_module.Bubblewrap()


@pytest.fixture
def no_groups(monkeypatch):
    """A machine that lets us make no control groups."""
    monkeypatch.setattr(helper_module, "make_groups", lambda _limits: Groups(()))


class Boxes:
    """Opens boxes around one workspace, and runs shell scripts in them."""

    def __init__(self, sandbox, folder):
        self.sandbox = sandbox
        self.workspace = folder / "ws"
        self.workspace.mkdir()
        self._folder = folder
        self._count = 0
        self.open_ones = []

    def open(self, network="full", hosts=(), readable=(), writable=(), **limits):
        self._count += 1
        spec = BoxSpec(
            name=f"test-{self._count}",
            workspace=self.workspace,
            scratch=self._folder / f"scratch-{self._count}",
            readable=(Path(sys.base_prefix), *readable),
            writable=tuple(writable),
            network=Network(mode=network, hosts=tuple(hosts)),
            limits=Limits(**limits),
        )
        box = self.sandbox.open(spec)
        self.open_ones.append(box)
        return box


@pytest.fixture
def boxes(sandbox, tmp_path):
    made = Boxes(sandbox, tmp_path)
    yield made
    for box in made.open_ones:
        box.close()


@pytest.fixture
def box(boxes):
    return boxes.open()


def read_all(running):
    data = b""
    while piece := os.read(running.output, 65536):
        data += piece
    return data


def finish(running, timeout=30):
    """Wait for a command; its exit code."""
    until = time.monotonic() + timeout
    while (code := running.poll()) is None:
        assert time.monotonic() < until, "the command did not end"
        time.sleep(0.002)
    return code


def run(box, script, env=None, **options):
    """Run a shell script in a box; its exit code and output."""
    running = box.start(("sh", "-c", script), env or {}, **options)
    try:
        data = read_all(running)
        return finish(running), data.decode()
    finally:
        running.close()


def run_python(box, code, env=None):
    running = box.start((PYTHON, "-I", "-c", code), env or {})
    try:
        data = read_all(running)
        return finish(running), data.decode()
    finally:
        running.close()


def processes_with(token):
    """Processes of the machine that have ``token`` in their command line."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                line = Path("/proc", name, "cmdline").read_bytes()
            except OSError:
                continue
            if token.encode() in line:
                found.append(int(name))
    return found


def until(condition, timeout=20):
    """Wait until something holds; false when it never does."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def token():
    """Seconds to sleep that nobody else sleeps."""
    return f"9{os.getpid()}{time.monotonic_ns() % 10**9}"


def our_groups():
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, group = line.split(":", 2)
        for root in (Path("/sys/fs/cgroup", names), Path("/sys/fs/cgroup")):
            folder = root / group.lstrip("/")
            while folder != root.parent:
                found += folder.glob(f"fairlead-{os.getpid()}-*")
                folder = folder.parent
    return found


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves processes, control groups or mounts behind."""
    mounts = Path("/proc/self/mountinfo").read_text()
    before = len(os.listdir("/proc/self/fd"))
    yield
    try:
        keeper = helper()
    except SandboxFailed:
        return
    assert until(lambda: not descendants(keeper._pid)), descendants(keeper._pid)
    assert until(lambda: not our_groups()), our_groups()
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert len(os.listdir("/proc/self/fd")) <= before + 2, "descriptors were left open"


@pytest.fixture
def do():
    """What tests do with boxes; test modules cannot import from here."""
    return SimpleNamespace(
        run=run,
        python=run_python,
        read_all=read_all,
        finish=finish,
        processes_with=processes_with,
        until=until,
        interpreter=PYTHON,
    )
