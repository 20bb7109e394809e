"""Ranges of bytes, as RFC 9110 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.server.api.ranges import OutOfRange, Span, parse_range


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=2-5", Span(2, 4)),
        ("Bytes = 2 - 5", Span(2, 4)),
        ("bytes=7-", Span(7, 3)),
        ("bytes=7-999999999999999999", Span(7, 3)),
        ("bytes=-3", Span(7, 3)),
        ("bytes=-30", Span(0, 10)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=1-2,4-5", None),
        ("lines=1-2", None),
        ("bytes=a-b", None),
        ("bytes=0x1-2", None),
        ("bytes=٣-٤", None),
    ],
)
def test_ranges_of_ten_bytes(header, span):
    assert parse_range(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_what_is_not_there(header):
    with pytest.raises(OutOfRange):
        parse_range(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_nothing_has_no_parts(header):
    with pytest.raises(OutOfRange):
        parse_range(header, 0)


@given(st.one_of(st.text(), st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}")), st.integers(0, 2000))
def test_a_span_is_always_inside(header, size):
    try:
        span = parse_range(header, size)
    except OutOfRange:
        return
    assert span is None or (span.size > 0 and 0 <= span.offset <= size - span.size)
