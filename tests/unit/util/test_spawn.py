import os
import sys

import pytest

from fairlead.util import spawn as module
from fairlead.util.spawn import MOST, spawn


def python(code, data=b""):
    return spawn((sys.executable, "-c", code), os.environ, data)


def test_both_outputs_and_the_exit_code_come_back():
    done = python("import sys; print('out'); print('said', file=sys.stderr); sys.exit(3)")
    assert (done.code, done.stdout, done.stderr) == (3, b"out\n", b"said\n")


def test_more_than_a_pipe_holds_comes_back_from_both_at_once():
    done = python("import sys; print('o' * 300_000); print('e' * 300_000, file=sys.stderr)")
    assert (len(done.stdout), len(done.stderr)) == (300_001, 300_001)


def test_what_is_given_is_its_input_and_ends_there():
    code = "import sys; sys.stdout.write(str(len(sys.stdin.read())))"
    assert python(code, b"x" * MOST).stdout == str(MOST).encode()
    assert python(code).stdout == b"0"


def test_an_end_by_a_signal_is_negative():
    assert python("import os; os.kill(os.getpid(), 9)").code == -9


def test_a_pipe_that_nobody_reads_ends_it_as_it_ends_others():
    # Python itself ignores the signal again; a shell does with it what it was given.
    done = spawn(("sh", "-c", "kill -PIPE $$; echo alive"), os.environ)
    assert (done.code, done.stdout) == (-13, b"")


def test_what_is_not_there_cannot_be_started():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(FileNotFoundError):
        spawn(("fairlead-has-no-such-program",), os.environ)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_nothing_is_left_where_waiting_is_broken_off(monkeypatch):
    begun = []

    def broken_off(*_handles):
        raise KeyboardInterrupt

    start = os.posix_spawnp
    monkeypatch.setattr(
        os, "posix_spawnp", lambda *a, **k: begun.append(start(*a, **k)) or begun[0]
    )
    monkeypatch.setattr(module, "_read", broken_off)
    with pytest.raises(KeyboardInterrupt):
        python("import time; time.sleep(600)")
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)
