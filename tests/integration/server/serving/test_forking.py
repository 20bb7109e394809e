"""Processes that are asked, and those that are left to us by one that was."""

import os
from contextlib import closing

import pytest

from fairlead.errors import FairleadError
from fairlead.server.serving.forking import Stopped, adopt, ask, fork


@pytest.fixture
def said():
    """A pipe: what a process writes into it, and the end of it once all who might have ended."""
    reader, writer = os.pipe()
    with closing(os.fdopen(reader, "rb")) as file:

        def read():
            os.close(writer)
            return file.read()

        yield writer, read


def tell(said):
    os.write(said[0], f"child of {os.getppid()}".encode())


def test_what_was_forked_for_us_is_ours(said):
    ours = os.getpid()
    pid = int(adopt(lambda: str(fork(lambda: tell(said), "part", adopter=ours)), "loader"))
    assert said[1]() == f"child of {ours}".encode()
    assert os.waitpid(pid, 0) == (pid, 0)


def test_what_was_forked_for_us_ends_unbegun_where_loading_failed(said):
    ours = os.getpid()

    def load():
        fork(lambda: tell(said), "part", adopter=ours)
        raise FairleadError("no tables", hint="make some")

    with pytest.raises(FairleadError, match="no tables") as caught:
        adopt(load, "loader")
    assert caught.value.hint == "make some"
    assert said[1]() == b""


def test_what_was_forked_for_us_ends_unbegun_where_we_are_stopped(said):
    ours, begun = os.getpid(), os.pipe()
    started = os.fdopen(begun[0], "rb", buffering=0)

    def load():
        fork(lambda: tell(said), "part", adopter=ours)
        os.write(begun[1], b"!")
        os.read(os.pipe()[0], 1)  # for ever
        return ""

    with started, pytest.raises(Stopped):
        adopt(load, "loader", stop=lambda: started.read(1))
    os.close(begun[1])
    assert said[1]() == b""


def test_one_who_breaks_is_no_answer(capfd):
    with pytest.raises(FairleadError, match="sums broke"):
        ask(lambda: 1 // 0, "sums")


def test_an_answer_of_many_bytes():
    assert ask(lambda: "é\n" * 100_000, "long") == "é\n" * 100_000
