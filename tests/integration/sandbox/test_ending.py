"""The end of commands and boxes: nothing is left, whatever it did to stay."""

import os
import signal
import subprocess
import sys

import pytest

from fairlead.runner.sandbox.helper import helper
from fairlead.runner.sandbox.keeper.tally import descendants

STUBBORN = """
trap '' TERM INT HUP
for i in $(seq 100); do setsid sh -c "trap '' TERM INT HUP; sleep {token}; sleep {token}" & done
(setsid nohup sh -c "sleep {token} & sleep {token}" >/dev/null 2>&1 &)
echo started
sleep {token}
"""

TWICE_DETACHED = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.execvp("sleep", ["sleep", sys.argv[1]])
"""


def stubborn(box, token):
    running = box.start(("sh", "-c", STUBBORN.format(token=token)), {})
    assert os.read(running.output, 100) == b"started\n"
    return running


def test_kill_ends_a_hundred_that_do_not_want_to(box, do, token):
    running = stubborn(box, token)
    assert do.until(lambda: len(do.processes_with(token)) > 100)
    running.kill()
    assert do.processes_with(token) == []
    assert running.poll() == -9
    running.close()


def test_closing_the_command_does_too(box, do, token):
    running = stubborn(box, token)
    running.close()
    assert do.processes_with(token) == []


def test_closing_the_box_ends_all_its_commands(boxes, do, token):
    box = boxes.open()
    first, second = stubborn(box, token), box.start(("sleep", token), {}, detached=True)
    box.close()
    assert do.processes_with(token) == []
    assert first.poll() == second.poll() == -9


def test_killing_one_command_spares_the_others(box, do, token):
    one, other = box.start(("sleep", token), {}), box.start(("cat", "/dev/zero"), {})
    one.kill()
    assert do.processes_with(token) == []
    assert other.poll() is None
    other.close()
    one.close()


def test_a_service_outlives_what_waits_for_it_and_ends_with_the_box(boxes, do, token):
    box = boxes.open()
    service = box.start(("sleep", token), {}, detached=True)
    service.close()
    assert do.run(box, "true")[0] == 0
    assert do.processes_with(token)
    box.close()
    assert do.processes_with(token) == []


def test_a_service_can_be_killed(box, do, token):
    service = box.start(("sleep", token), {}, detached=True)
    service.kill()
    assert do.processes_with(token) == []
    service.close()


def test_processes_that_detach_twice_are_found(box, do, token):
    code = TWICE_DETACHED
    running = box.start((do.interpreter, "-I", "-c", code, token), {})
    assert do.finish(running) == 0
    running.close()
    assert do.until(lambda: not do.processes_with(token))


def test_a_command_that_kills_its_parent_ends_only_itself(kind, box, do, token):
    running = box.start(
        ("sh", "-c", f"setsid sleep {token} & sleep 0.1; kill -9 $PPID; sleep {token}"), {}
    )
    if kind == "process":
        assert do.finish(running) == -9
    else:
        running.kill()  # the first process of a namespace is not to be killed from inside
    running.close()
    assert do.until(lambda: not do.processes_with(token))
    assert do.run(box, "echo on") == (0, "on\n")


@pytest.mark.parametrize("kind", ["bubblewrap"])
def test_a_command_that_kills_all_it_may_spares_the_others(box, do, token):
    other = box.start(("sleep", token), {})
    assert do.run(box, "sleep 60 & kill -9 -1; wait; echo on") == (0, "on\n")
    assert other.poll() is None
    other.close()


RUNNER = """
import os, sys, time
from pathlib import Path
from fairlead.runner.sandbox import BoxSpec
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
from fairlead.runner.sandbox.process import Process
folder = Path(sys.argv[1])
sandbox = Bubblewrap() if sys.argv[2] == "bubblewrap" else Process()
box = sandbox.open(BoxSpec(name="t", workspace=folder, scratch=folder / "scratch"))
service = box.start(("sleep", sys.argv[3]), {}, detached=True)
running = box.start(("sh", "-c", sys.argv[4]), {})
assert os.read(running.output, 100) == b"started\\n"
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_fairlead_ends_everything(kind, boxes, do, token, number):
    arguments = (str(boxes.workspace), kind, token, STUBBORN.format(token=token))
    command = (sys.executable, "-c", RUNNER, *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as runner:
        assert runner.stdout.read(6) == b"ready\n"
        below = descendants(runner.pid)
        assert len(below) > 100
        runner.send_signal(number)
        runner.wait()
    assert do.until(lambda: not do.processes_with(token))
    assert do.until(lambda: not any(os.path.exists(f"/proc/{process}") for process in below))


def test_the_terminal_does_not_send_its_signals_to_the_keeper_or_to_commands(box, do):
    """Ctrl-C goes to Fairlead's process group, which none of them is in."""
    assert os.getpgid(helper()._pid) != os.getpgrp()
    code, text = do.python(box, "import os; print(os.getsid(0) == os.getpid())")
    assert (code, text) == (0, "True\n")
