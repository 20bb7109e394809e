"""The steps of a shared shell: whatever the pace, each output is that of its own step."""

import os
import signal
import subprocess
import time

import pytest

from fairlead.model import Job, Outcome, Phase, Step, StepFinished, StepStarted, TestFinished
from fairlead.pipeline.travis.session import session_script
from fairlead.runner.cancel import Cancel
from fairlead.runner.log import Log
from fairlead.runner.session import run_session
from fairlead.runner.steps import Surroundings
from fairlead.util.redact import Redactor


class Plain:
    """The least a box's command can be: a process in a group of its own."""

    def __init__(self, argv, env) -> None:
        self.output, writer = os.pipe()
        self.process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
            start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        self._ended = os.pidfd_open(self.process.pid)

    def poll(self):
        return self.process.poll()

    def wait_fd(self):
        return self._ended

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for descriptor in (self.output, self._ended):
            os.close(descriptor)


class PlainBox:
    start = staticmethod(Plain)

    @staticmethod
    def exceeded():
        return ""


@pytest.fixture
def run(tmp_path):
    """Run commands as the script of a job; the end, the output by step, and the events."""

    def run(*commands, script=None):
        steps = tuple(Step(name=c, command=c, phase=Phase.SCRIPT) for c in commands)
        job = Job(id="a", name="a", session=True, steps=steps, silence=None)
        events, cancel = [], Cancel()
        channel = tmp_path / "channel"
        channel.mkdir()
        path = str(channel / "events.jsonl")
        log = Log(
            tmp_path / "log", limit=1 << 20, redactor=Redactor(()), emit=lambda _step, _data: None
        )
        around = Surroundings(
            job=job,
            attempt=1,
            box=PlainBox(),
            variables={"PATH": "/usr/bin:/bin", "FAIRLEAD_EVENTS": path},
            log=log,
            channel=channel,
            emit=events.append,
            cancel=cancel,
            deadline=time.monotonic() + 30,
            reuse=None,
        )
        try:
            end = run_session(around, script or session_script(job))
            outputs = [log.slice(r.offset, r.length).decode() for r in end.results]
        finally:
            log.close()
            cancel.close()
        return end, outputs, events

    return run


def test_steps_that_follow_each_other_at_once_keep_their_output_apart(run):
    commands = [f"echo out {n}; echo err {n} >&2" for n in range(40)]
    end, outputs, _ = run(*commands)
    assert end.outcome is Outcome.PASSED
    assert outputs == [f"$ {c}\nout {n}\nerr {n}\n" for n, c in enumerate(commands)]


def test_output_without_an_end_of_line_stays_with_its_step(run):
    _, outputs, _ = run("printf a", "printf b", "true")
    assert outputs == ["$ printf a\na", "$ printf b\nb", "$ true\n"]


def test_tests_belong_to_the_step_that_ran_them(run):
    tell = """echo '{"t":"test","name":"%s","outcome":"passed"}' >> "$FAIRLEAD_EVENTS"; echo %s"""
    _, _, events = run(*(tell % (n, n) for n in "abc"))
    told = [
        (type(e).__name__, e.step)
        for e in events
        if isinstance(e, StepStarted | TestFinished | StepFinished)
    ]
    kinds = ("StepStarted", "TestFinished", "StepFinished")
    assert told == [(kind, step) for step in range(3) for kind in kinds]


def test_a_step_that_sends_its_output_elsewhere_does_not_hold_up_the_marks(run, tmp_path):
    end, outputs, _ = run("echo a; exec > /dev/null 2>&1", "echo b", "(exit 3)")
    assert [result.code for result in end.results] == [0, 0, 3]
    assert outputs[0].endswith("a\n")
    assert "b" not in outputs[1].splitlines()


def test_tracing_commands_does_not_mark_anything(run):
    end, outputs, _ = run("set -x", "echo a", "set +x")
    assert len(end.results) == 3
    assert "\na\n" in outputs[1]
    assert "\na\n" not in outputs[0] + outputs[2]


def test_a_mark_that_comes_in_pieces_is_one(run):
    script = r"""
mark() { printf '{"t":"step","op":"%s","index":0,"code":0}\n' "$1" >> "$FAIRLEAD_EVENTS"; }
printf 'before'
mark start
printf '\034'; sleep 0.1
printf '%s' "${FAIRLEAD_MARK:0:5}"; sleep 0.1
printf '%s' "${FAIRLEAD_MARK:5}"; sleep 0.1
printf '\035inside \034 not one'
mark end
printf '\034%s\035after\034' "$FAIRLEAD_MARK"
"""
    _, outputs, _ = run("step", script=script)
    assert outputs == ["$ step\ninside \x1c not one"]


def test_a_shell_that_is_killed_has_its_last_output(run):
    end, outputs, _ = run("echo a", "echo b; kill -9 $$")
    assert end.outcome is Outcome.ERRORED
    assert [output.splitlines()[-1] for output in outputs] == ["a", "b"]
