import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import TestCase, TestOutcome
from fairlead.runner.collect.wire import LINE_LIMIT, Collected, Finished, Reader, StepMark


def line(**fields):
    return json.dumps(fields).encode() + b"\n"


TEST = line(
    t="test", name="test_a", suite="tests.a", id="tests/a.py::test_a", file="tests/a.py", line=3,
    outcome="failed", seconds=0.5, message="no", details="trace", output="out", pid=7,
)  # fmt: skip
CASE = TestCase(
    name="test_a", suite="tests.a", id="tests/a.py::test_a", file="tests/a.py", line=3,
    outcome=TestOutcome.FAILED, seconds=0.5, message="no", details="trace", output="out",
)  # fmt: skip


def test_each_kind_of_line():
    data = line(t="collected", n=240, pid=1) + TEST
    data += line(t="step", op="start", index=0) + line(t="step", op="end", index=0, code=1)
    assert Reader().feed(data) == (
        Collected(240),
        Finished(CASE),
        StepMark("start", 0, None),
        StepMark("end", 0, 1),
    )


def test_a_line_is_read_when_it_is_whole():
    reader = Reader()
    assert reader.feed(TEST[:10]) == ()
    assert reader.feed(TEST[10:-1]) == ()
    assert reader.feed(b"\n") == (Finished(CASE),)


def test_a_test_without_end_is_lost_once():
    reader = Reader()
    reader.feed(line(t="start", suite="s", name="a") + line(t="start", suite="s", name="b"))
    reader.feed(line(t="test", suite="s", name="a", outcome="passed"))
    (lost,) = reader.lost()
    assert (lost.key, lost.outcome) == ("s::b", TestOutcome.ERRORED)
    assert "ended while" in lost.message
    assert reader.lost() == ()


@pytest.mark.parametrize(
    "bad",
    [
        b"\n\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b'"t"',
        b"[" * 100_000,
        b'{"t": "test"}',
        line(t="other", n=1)[:-1],
        line(t="collected", n=-1)[:-1],
        line(t="collected", n="many")[:-1],
        line(t="collected", n=10**30)[:-1],
        line(t="step", op="between", index=1)[:-1],
        line(t="step", op="start", index=-1)[:-1],
        line(t="test", name="a", outcome="good")[:-1],
        line(t="test", name="a", outcome="passed", seconds=-1)[:-1],
        b'{"t": "test", "name": "a", "outcome": "passed", "seconds": NaN}',
        b'{"t": "test", "name": "\\udc00", "outcome": "passed"}',
        line(t="test", name=7, outcome="passed")[:-1],
    ],
)
def test_hostile_lines_are_dropped_and_counted(bad):
    reader = Reader()
    assert reader.feed(bad + b"\n" + TEST) == (Finished(CASE),)
    assert reader.dropped == 1


def test_blank_lines_are_nothing():
    reader = Reader()
    assert reader.feed(b"\n\n  \n" + TEST) == (Finished(CASE),)
    assert reader.dropped == 0


def test_a_line_beyond_the_limit_costs_only_itself():
    reader = Reader()
    long = line(t="test", name="a" * LINE_LIMIT, outcome="passed")
    for start in range(0, len(long), 100_000):
        assert reader.feed(long[start : start + 100_000]) == ()
        assert len(reader._rest) <= LINE_LIMIT + 100_000
    assert reader.feed(TEST) == (Finished(CASE),)
    assert reader.feed(long + TEST) == (Finished(CASE),)
    assert reader.dropped == 2


def test_the_longest_line_is_read():
    shell = line(t="test", name="", outcome="passed")
    name = "a" * (LINE_LIMIT - len(shell) + 1)
    (message,) = Reader().feed(line(t="test", name=name, outcome="passed"))
    assert message.case.name == name


def test_starts_without_ends_do_not_pile_up():
    reader = Reader()
    for number in range(10_050):
        reader.feed(line(t="start", name=str(number)))
    assert len(reader.lost()) == 10_000


texts = st.text(st.characters(exclude_categories=["Cs"]))
whole = st.one_of(
    st.builds(lambda n: line(t="collected", n=n), st.integers(0, 10**6)),
    st.builds(
        lambda name, outcome, details: line(t="test", name=name, outcome=outcome, details=details),
        texts,
        st.sampled_from(list(TestOutcome)),
        texts,
    ),
    st.builds(lambda i, c: line(t="step", op="end", index=i, code=c), st.integers(0, 9), st.integers(-20, 255)),
    st.binary().map(lambda data: data.replace(b"\n", b"") + b"\n"),
)  # fmt: skip


@given(st.lists(whole).map(b"".join), st.lists(st.integers(0, 4000)))
def test_where_the_bytes_are_cut_does_not_matter(data, cuts):
    at_once, piecewise = Reader(), Reader()
    expected = at_once.feed(data)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert sum((piecewise.feed(piece) for piece in pieces), ()) == expected
    assert piecewise.dropped == at_once.dropped


@given(st.lists(st.binary()))
def test_nothing_that_is_fed_raises(pieces):
    reader = Reader()
    for piece in pieces:
        reader.feed(piece)
    reader.lost()
