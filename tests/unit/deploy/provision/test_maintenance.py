"""Closing a site: its page, when to come again, and scripts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fairlead.cli.maintenance import time_of
from fairlead.deploy.maintenance import WORDS, Closure, page_of, retry_of, window_of
from fairlead.errors import UsageError
from fairlead.model.environment import App, Environment, Host

ENVIRONMENT = Environment(
    name="production", hosts=(Host(address="web1"),), app=App(name="bank", target="bank:app")
)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=1), "CET"))
LATER = datetime(2126, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=1), "CET"))


def test_a_message_is_shown_as_it_was_written_and_runs_nothing():
    page = page_of(Closure(message="<script>alert(1)</script> & more\n\nsecond")).decode()
    assert "<script>" not in page
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</p>" in page
    assert "<p>second</p>" in page


def test_a_page_needs_nothing_that_is_closed_too():
    page = page_of(Closure()).decode()
    assert WORDS in page
    for word in ("src=", "href=", "@import", "url("):
        assert word not in page


def test_the_page_says_until_when_with_its_zone():
    page = page_of(Closure(until=LATER)).decode()
    assert "12:00 (CET), 1 March 2126" in page
    assert 'datetime="2126-03-01T12:00+01:00"' in page


def test_retry_after_is_a_date_of_http():
    assert retry_of(LATER) == "Fri, 01 Mar 2126 11:00:00 GMT"
    assert retry_of(None) == "120"
    with pytest.raises(UsageError, match="over already"):
        retry_of(datetime(2020, 1, 1, tzinfo=UTC))


def test_nginx_is_told_only_of_addresses_and_times():
    assert window_of(ENVIRONMENT, Closure(message="x")) == window_of(ENVIRONMENT, None)
    told = window_of(ENVIRONMENT, Closure(allowed=("203.0.113.9/24", "203.0.113.0/24")))
    assert told.count("203.0.113.0/24 1;") == 1
    with pytest.raises(UsageError, match="no address"):
        window_of(ENVIRONMENT, Closure(allowed=("0.0.0.0/0; }",)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("45m", NOON + timedelta(minutes=45)),
        ("2h", NOON + timedelta(hours=2)),
        ("1 d", NOON + timedelta(days=1)),
        ("18:30", NOON.replace(hour=18, minute=30)),
        ("11:59", NOON.replace(hour=11, minute=59) + timedelta(days=1)),
    ],
)
def test_times_that_people_write(text, wanted):
    assert time_of(text, NOON) == wanted


def test_a_date_is_in_the_zone_of_this_machine():
    assert time_of("2026-03-01 18:30", NOON) == datetime(2026, 3, 1, 18, 30).astimezone()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-02-30 10:00", "5"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match="no time"):
        time_of(text, NOON)
