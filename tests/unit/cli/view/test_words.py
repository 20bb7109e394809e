import pytest

from fairlead.cli.view.words import (
    clock,
    counts_of,
    duration,
    line_ranges,
    listing,
    percent,
    plural,
)
from fairlead.model import TestReport


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0 s"), (0.04, "0.0 s"), (0.4, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"),
        (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3720, "1 h 02 min"),
    ],
)  # fmt: skip
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(-3, "0:00"), (67.9, "1:07"), (3723, "1:02:03")])
def test_clocks(seconds, words):
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(100.0, "100 %"), (99.96, "99.9 %"), (83.0, "83 %"), (66.66, "66.6 %")]
)
def test_percentages_are_never_rounded_up(value, words):
    assert percent(value) == words


def test_plurals_and_lists():
    assert plural(1, "test") == "1 test"
    assert plural(2400, "test") == "2,400 tests"
    assert listing(["a", "b"]) == "a, b"
    assert listing(list("abcd")) == "a, b, c, d"
    assert listing(list("abcde")) == "a, b, c and 2 more"


def test_counts_of_tests(runs):
    assert counts_of(runs.suite(240, runs.foreign_account())) == "1 of 240 tests failed, 6 skipped"
    assert counts_of(runs.suite(3)) == "3 tests"
    assert not counts_of(TestReport())


def test_neighbouring_lines_are_one_place():
    places = ("a.py:3", "a.py:4", "a.py:5", "a.py:9", "b.py:10")
    assert line_ranges(places) == ["a.py:3-5", "a.py:9", "b.py:10"]
    assert line_ranges(()) == []
