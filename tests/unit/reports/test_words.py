import pytest

from fairlead.reports.words import duration, listing, percent, plural


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0 s"), (0.44, "0.4 s"), (9.96, "10 s"), (48.4, "48 s"), (59.6, "1 min 00 s"),
        (185, "3 min 05 s"), (3599.9, "1 h 00 min"), (3725, "1 h 02 min"),
    ],
)  # fmt: skip
def test_duration(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 %"), (83.0, "83 %"), (99.99, "99.9 %"), (100, "100 %"), (0.3 / 0.01, "30 %")],
)
def test_percent_is_never_rounded_up(value, words):
    assert percent(value) == words


def test_plural_and_listing():
    assert (plural(1, "test"), plural(2400, "test")) == ("1 test", "2,400 tests")
    assert plural(2, "entry", "entries") == "2 entries"
    assert listing(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listing(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
