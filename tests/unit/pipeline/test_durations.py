"""Durations and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.durations import parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), ("0.5", 0.5), ("90 s", 90), ("90s", 90), ("10 min", 600), ("10 Minutes", 600),
        ("1h30m", 5400), ("1 h 30 min", 5400), ("1.5 hours", 5400), ("250 ms", 0.25), ("2 days", 172800),
        (" 1 m ", 60),
    ],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0 s",
        "soon",
        "-1",
        "1 parsec",
        "1h 30",
        "m",
        "1e3",
        "inf",
        "nan",
        "31 days",
        "9" * 400,
        "1..5 s",
        "١ s",
    ],
)
def test_what_is_no_duration(text):
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4096", 4096),
        ("2 GB", 2 * 10**9),
        ("2 GiB", 2 << 30),
        ("1G", 1 << 30),
        ("512 MB", 512 * 10**6),
        ("1.5 kib", 1536),
        ("10 bytes", 10),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "1 XB", "9" * 30, "1 PB", "2 TiB 3"])
def test_what_is_no_size(text):
    assert parse_size(text) is None


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_nothing(text):
    duration, size = parse_duration(text), parse_size(text)
    assert duration is None or 0 < duration <= 30 * 86400
    assert size is None or size > 0
