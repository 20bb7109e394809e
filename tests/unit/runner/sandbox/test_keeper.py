"""The parts of the keeper that need no box."""

import os
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.runner.sandbox import keeper
from fairlead.runner.sandbox.keeper import wire
from fairlead.runner.sandbox.keeper.boxed import _first_process
from fairlead.runner.sandbox.keeper.command import failure
from fairlead.runner.sandbox.keeper.tally import descendants, tally

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(PLAIN)
def test_values_arrive_as_they_were_sent(value):
    one, other = socket.socketpair()
    with one, other:
        wire.send(one, value)
        assert wire.receive(other) == value


def test_text_that_is_not_unicode_arrives():
    one, other = socket.socketpair()
    with one, other:
        wire.send(one, os.fsdecode(b"\xff"))
        assert wire.receive(other) == os.fsdecode(b"\xff")


def test_the_end_is_noticed():
    one, other = socket.socketpair()
    one.sendall(b"\0\0\0\x09part")
    one.close()
    with other, pytest.raises(EOFError):
        wire.receive(other)


def test_marks_carry_descriptors_which_are_not_inherited():
    one, other = socket.socketpair()
    read, write = os.pipe()
    with one, other:
        wire.send_mark(one, b"a", [read, write])
        wire.send_mark(one, b"b")
        mark, handles = wire.receive_mark(other)
        assert (mark, len(handles)) == (b"a", 2)
        assert not any(os.get_inheritable(handle) for handle in handles)
        os.write(handles[1], b"through")
        assert os.read(read, 10) == b"through"
        assert wire.receive_mark(other) == (b"b", [])
        one.close()
        assert wire.receive_mark(other) == (b"", [])
    for handle in (read, write, *handles):
        os.close(handle)


@pytest.mark.parametrize(
    "told",
    [
        b'{\n    "child-pid": 123\n}\n',
        b'{"child-pid": 123, "cgroup-namespace": 4}',
        b'{"ipc-namespace": 9,\n"child-pid": 123,\n"x": 1}',
    ],
)
def test_the_process_id_in_what_bubblewrap_tells(told):
    assert _first_process(told) == 123


def test_errors_are_one_line_each():
    assert failure(FileNotFoundError(2, "No such file", "x")) == b"-2 No such file: x\n"
    assert failure(OSError(11, "Try again")) == b"-11 Try again\n"
    assert failure(ValueError("embedded null byte")) == b"-0 embedded null byte\n"


def test_descendants_are_found_and_counted():
    with subprocess.Popen(
        ("sh", "-c", "sleep 60 & sleep 60 & echo; wait"), stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        below = descendants(process.pid)
        assert len(below) == 2
        assert process.pid in descendants(os.getpid())
        tasks, memory = tally([process.pid, *below])
        assert tasks == 3
        assert memory > 0
        for one in below:
            os.kill(one, 9)
    assert tally([2**22 - 3]) == (0, 0)


def test_it_needs_nothing_of_fairlead():
    """It is imported by itself, so that starting it costs no more than it must."""
    folder = os.path.dirname(os.path.dirname(keeper.__file__))
    code = (
        "import sys; sys.path.append(sys.argv[1]); import keeper.main; "
        "print([n for n in sys.modules if n.split('.')[0] in ('fairlead', 'msgspec', 'asyncio', 'json', 'subprocess')])"
    )
    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", code, folder), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
