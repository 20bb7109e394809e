"""The waiting loop, with real processes and a bare stand-in for a sandbox's ``Running``."""

import os
import signal
import subprocess
import threading

import pytest

from fairlead.runner.cancel import Cancel
from fairlead.runner.execute import Watch, execute


class Plain:
    """The least a ``Running`` can be: a process in a group of its own."""

    def __init__(self, script: str) -> None:
        reader, writer = os.pipe()
        self.output = reader
        command = ("bash", "-c", script)
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, start_new_session=True
        )
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


@pytest.fixture
def cancel():
    made = Cancel()
    yield made
    made.close()


def run(script, cancel, *, timeout=20.0, silence=None, **hooks):
    pieces = []
    watch = Watch(timeout=timeout, silence=silence)
    ended = execute(Plain(script), watch=watch, cancel=cancel, sink=pieces.append, **hooks)
    return ended, b"".join(pieces)


def test_output_and_exit_code(cancel):
    ended, output = run("echo out; echo err >&2; exit 3", cancel)
    assert (ended.code, output) == (3, b"out\nerr\n")


def test_a_signal_is_a_negative_code(cancel):
    assert run("kill -9 $$", cancel)[0].code == -9


def test_all_output_of_a_command_that_ends_at_once_is_kept(cancel):
    ended, output = run("head -c 3000000 /dev/zero", cancel)
    assert (ended.code, len(output)) == (0, 3_000_000)


def test_a_timeout_ends_what_ignores_term(cancel):
    ended, output = run("trap '' TERM; echo begun; while :; do sleep 5; done", cancel, timeout=0.3)
    assert (ended.code, ended.timed_out, ended.reason) == (None, True, "timed out after 0.3 s")
    assert output == b"begun\n"


def test_silence_is_noticed_and_noise_is_not(cancel):
    ended, _ = run("echo a; sleep 30", cancel, silence=0.3)
    assert (ended.reason, ended.timed_out) == ("no output for 0.3 s", True)
    ended, _ = run("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done", cancel, silence=0.45)
    assert ended.code == 0


def test_a_test_that_ended_is_a_sign_of_life(cancel):
    ended, _ = run("sleep 0.7", cancel, silence=0.3, tick=lambda: True)
    assert ended.code == 0


def test_closing_the_output_is_not_ending(cancel):
    ended, output = run("echo a; exec >&- 2>&-; sleep 0.3; exit 4", cancel)
    assert (ended.code, output) == (4, b"a\n")


def test_closing_the_output_and_sleeping_is_silence(cancel):
    ended, _ = run("exec >&- 2>&-; sleep 30", cancel, silence=0.3)
    assert ended.timed_out


def test_a_process_left_behind_does_not_hold_up_the_end(cancel):
    ended, output = run("(sleep 20; echo late) & echo early", cancel, timeout=10)
    assert (ended.code, output) == (0, b"early\n")


def test_one_left_behind_that_never_stops_writing_does_not_either(cancel):
    ended, output = run("yes & sleep 0.1", cancel, timeout=10)
    assert ended.code == 0
    assert output


def test_cancelling_from_another_thread(cancel):
    timer = threading.Timer(0.2, cancel.throw, args=("interrupted",))
    timer.start()
    ended, _ = run("sleep 30", cancel)
    timer.join()
    assert (ended.cancelled, ended.reason) == (True, "interrupted")


def test_a_child_switch_is_thrown_with_its_parent_and_alone(cancel):
    child = cancel.child()
    child.throw("only this one")
    assert not cancel.thrown
    second = cancel.child()
    cancel.throw("all")
    assert (child.reason, second.reason) == ("only this one", "all")
    assert cancel.child().reason == "all"


def test_a_limit_that_was_hit_is_the_reason(cancel):
    ended, _ = run("sleep 30", cancel, check=lambda: "disk quota of 1 MB exceeded")
    assert (ended.code, ended.reason) == (None, "disk quota of 1 MB exceeded")


def test_what_was_killed_for_using_too_much_says_so():
    cancel = Cancel()
    ended, _ = run("kill -9 $$", cancel, check=lambda: "memory limit of 1 GB exceeded")
    cancel.close()
    assert (ended.code, ended.reason) == (None, "memory limit of 1 GB exceeded")
