"""Cutting what a script writes into lines, and what its end means."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.deploy.base import Done
from fairlead.deploy.lines import Lines
from fairlead.deploy.session import Script
from fairlead.errors import HostFailed, HostLost, HostRefused, SudoMissing


def lines_of(*pieces):
    told = []
    lines = Lines(told.append)
    for piece in pieces:
        lines.feed(piece)
    lines.flush()
    return told


def test_lines_are_put_together_from_pieces():
    assert lines_of(b"a", b"b\nc\r\n", b"\n", b"d") == ["ab", "c", "", "d"]


def test_what_is_no_text_is_told_all_the_same():
    assert lines_of(b"\xff\xfe\n") == ["\ufffd\ufffd"]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_where_the_pieces_were_cut_does_not_matter(data, cuts):
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    assert lines_of(*pieces) == lines_of(data)


def script(become=(), **more):
    return Script("web1", "true", become, 0, 1.0, **more)


def ended(code=0, *, out=b"", err=b"", become=(), begun=True, check=True):
    """The outcome of a script after what its host sent."""
    running = script(become)
    if begun:
        running.data_received(b":fairlead:123\n", None)
    running.data_received(out, None)
    running.data_received(err, 1)
    running._code = code
    return running.outcome(check=check)


def test_a_script_that_went_well():
    assert ended(out=b"\0a", err=b"b") == Done(code=0, out=b"\0a", err=b"b")


def test_one_that_failed_ends_with_its_last_words():
    with pytest.raises(HostFailed, match="web1: a script ended with code 2\n  no"):
        ended(2, out=b"yes\n", err=b"no\n")
    with pytest.raises(HostFailed, match=r"code 2\n  yes"):
        ended(2, out=b"yes\n")
    assert ended(2, check=False).code == 2


def test_no_code_is_a_lost_connection_whether_or_not_it_is_checked():
    with pytest.raises(HostLost, match="web1: the connection ended"):
        ended(None, check=False)


def test_a_shell_that_never_began_is_no_failure_of_the_script():
    with pytest.raises(HostRefused, match="web1 gives us no shell\n  go away"):
        ended(1, err=b"go away\n", begun=False, check=False)
    sudo = ("sudo", "-n", "-H", "-u", "bank", "--")
    with pytest.raises(SudoMissing, match="may not become bank\n  a password is required"):
        ended(1, err=b"a password is required", become=sudo, begun=False)


@pytest.mark.parametrize("cut", range(1, 32))
def test_the_beginning_is_found_wherever_it_is_cut(cut):
    said = b"hello :fairlead:x\n:fairlead:77\nmine"
    told = []
    running = script(tell=told.append)
    running.data_received(said[:cut], None)
    running.data_received(said[cut:], None)
    assert running.process == 77
    running._code = 0
    assert running.outcome(check=True).out == b"mine"


def test_a_host_that_never_stops_greeting_does_not_fill_memory():
    running = script()
    for _ in range(100):
        running.data_received(b"x" * 10_000, None)
    assert len(running._out) < 100_000
    running.data_received(b":fairlead:5\n", None)
    assert running.begun


def test_only_what_is_asked_for_is_kept_and_told():
    got = []
    running = script(write=lambda stream, data: got.append((stream, data)), keep=False)
    running.data_received(b"noise:fairlead:5\nout", None)
    running.data_received(b"err", 1)
    running._code = 0
    assert got == [(1, b"out"), (2, b"err")]
    assert running.outcome(check=True) == Done(code=0)
