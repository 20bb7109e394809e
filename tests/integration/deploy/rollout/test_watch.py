"""The program that watches on a host, as a process of its own: what it says, and what it turns back."""

import contextlib
import os
import signal
import socketserver
import subprocess
import threading
import time

import pytest

from fairlead.deploy.probe import probe_slot
from fairlead.deploy.watch import watch_script
from fairlead.model.environment import App, Environment, Health, Host, Watch

RUNS = 'state() { echo "process $1 web running 1"; }'
ENDED = 'state() { echo "process $1 web stopped"; }'
PATIENCE = 60.0


class Answering(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1 << 16)
        self.request.sendall(b"HTTP/1.0 %d So\r\n\r\n" % self.server.status)


def end(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Place:
    """A host's folder: blue is live, green is well, and `watch` looks at green."""

    def __init__(self, root):
        self.root = root
        for name in ("slots", "run", "log"):
            (root / name).mkdir()
        (root / "slots/live").symlink_to("blue")
        self.log = (root / "log/access.log").open("ab", buffering=0)
        self.web = socketserver.UnixStreamServer(str(root / "run/green.sock"), Answering)
        self.web.status = 200
        threading.Thread(target=self.web.serve_forever, args=(0.01,), daemon=True).start()
        self.watches = []

    def environment(self, **health):
        return Environment(
            name="production",
            hosts=(Host(address="h1"),),
            root=str(self.root),
            app=App(name="bank", target="app"),
            health=Health(timeout=30.0, **health),
            watch=Watch(seconds=1.0, requests=10),
        )

    def watch(self, old="blue", functions=RUNS):
        script = watch_script(
            self.environment(), "green", old, processes=("web",), functions=functions
        )
        process = subprocess.Popen(
            ["sh", "-euc", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        killing = threading.Timer(PATIENCE, end, (process,))
        killing.start()
        self.watches.append((process, killing))
        return process

    def switch(self):
        slots = self.root / "slots"
        # A link has the time of the kernel's last tick: what was before is before that too.
        time.sleep(0.02)
        (slots / ".back").symlink_to("blue")
        (slots / ".live.new").symlink_to("green")
        (slots / ".live.new").rename(slots / "live")
        # Lines of the log have milliseconds: what follows is behind the switch for them too.
        while time.time() < (slots / "live").lstat().st_ctime + 0.002:
            time.sleep(0.001)

    def answers(self, status, count=1, took=0.0):
        for _ in range(count):
            self.log.write(b'%.3f %d %.3f "GET /" x %d\n' % (time.time(), status, took, status))

    def rotate(self):
        path = self.root / "log/access.log"
        path.rename(path.with_suffix(".1"))
        self.log.close()
        self.log = path.open("ab", buffering=0)

    @property
    def live(self):
        link = self.root / "slots/live"
        return os.readlink(link) if link.is_symlink() else ""

    def close(self):
        for process, killing in self.watches:
            killing.cancel()
            end(process)
            process.communicate()
        self.web.shutdown()
        self.web.server_close()
        self.log.close()


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def told(process, word):
    """What it writes from being told something on, and how it ends."""
    out, _ = process.communicate(word, timeout=PATIENCE)
    return out.decode().splitlines(), process.returncode


def said(process):
    return process.stdout.readline().decode().rstrip("\n")


@pytest.mark.parametrize("rotated", [False, True])
def test_a_release_that_turns_bad_goes_back_when_it_is_told_to(place, rotated):
    watching = place.watch()
    place.switch()
    place.answers(200, 5)
    if rotated:
        place.rotate()
    place.answers(500, 40)
    assert " answers were errors" in said(watching)
    assert place.live == "green", "a host goes back with the others, and not alone"
    assert told(watching, b"b") == (["back"], 0)
    assert place.live == "blue"


@pytest.mark.parametrize(
    ("kind", "why"), [("health", "/health answers 500"), ("ended", "web does")]
)
def test_a_release_that_is_not_well_or_ends_is_bad(place, kind, why):
    watching = place.watch(functions=ENDED if kind == "ended" else RUNS)
    place.web.status = 500 if kind == "health" else 200
    place.switch()
    assert said(watching).startswith(f"bad {why}")
    assert told(watching, b"e") == ([], 0)


def test_at_the_end_it_says_what_it_counted(place):
    place.answers(500, 30)  # the old one's
    watching = place.watch()
    place.switch()
    place.answers(500, 8, took=1000.0)  # begun before the switch
    place.answers(200, 30)
    place.answers(502)
    place.log.write(b"not a line of ours\n")
    assert told(watching, b"e") == (["good 31 1"], 0)
    assert place.live == "green"


def test_a_host_that_is_not_switched_stays_and_goes_back_if_the_switch_still_comes(place):
    watching = place.watch()
    watching.stdin.write(b"b")
    watching.stdin.flush()
    assert said(watching) == "stays"
    place.switch()
    assert watching.wait(PATIENCE) == 0
    assert place.live == "blue"


def test_without_a_release_before_there_is_none_again(place):
    (place.root / "slots/live").unlink()
    watching = place.watch(old="")
    place.switch()
    assert told(watching, b"b") == (["back"], 0)
    assert place.live == ""


def test_what_was_not_made_ready_is_left_to_others(place):
    watching = place.watch()
    place.switch()
    (place.root / "slots/.back").unlink()
    watching.stdin.write(b"b")
    watching.stdin.flush()
    assert said(watching) == "stays"
    assert place.live == "green"


def test_without_a_deployer_nothing_is_turned_back(place):
    watching = place.watch()
    place.switch()
    place.answers(500, 40)
    assert said(watching).startswith("bad ")
    assert told(watching, b"") == ([], 0)
    assert place.live == "green"


def test_before_the_switch_what_answers_is_not_asked_whether_it_runs(place):
    place.web.status = 500
    looked = place.root / "looked"
    functions = f'state() {{ echo >>"{looked}"; echo "process $1 web running 1"; }}'
    script = probe_slot(place.environment(patience=1.0), "green", "", functions)
    done = subprocess.run(["sh", "-euc", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"/health answered 500 instead of 200\n")
    assert looked.read_text() == "\n"  # once, when the time was over
