"""Schedules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.util.cron import next_after, parse_schedule, skip_if_built

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")


def _times(text, start, count, zone=UTC_ZONE):
    """The next moments, as local times without their offset."""
    schedule, moment, found = (
        parse_schedule(text),
        datetime.fromisoformat(start).replace(tzinfo=zone),
        [],
    )
    for _ in range(count):
        moment = next_after(schedule, moment, zone)
        found.append(moment.astimezone(zone).strftime("%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", ["11-21 12:01", "11-21 12:02"]),
        ("*/20 * * * *", ["11-21 12:20", "11-21 12:40", "11-21 13:00"]),
        ("30 2 * * *", ["11-22 02:30", "11-23 02:30"]),
        ("0 9-17/4 * * mon-fri", ["11-23 09:00", "11-23 13:00", "11-23 17:00", "11-24 09:00"]),
        ("0 0 1,15 * *", ["12-01 00:00", "12-15 00:00", "01-01 00:00"]),
        ("0 0 31 * *", ["12-31 00:00", "01-31 00:00", "03-31 00:00"]),
        ("0 0 * * 7", ["11-22 00:00", "11-29 00:00"]),
        ("0 0 * * SUN", ["11-22 00:00"]),
        ("0 0 13 * fri", ["11-27 00:00", "12-04 00:00", "12-11 00:00", "12-13 00:00"]),
        ("0 0 */31 * 1", ["02-01 00:00", "03-01 00:00"]),
        ("5/25 0 1 jan *", ["01-01 00:05", "01-01 00:30", "01-01 00:55"]),
        ("@daily", ["11-22 00:00"]), ("@hourly", ["11-21 13:00"]), ("@weekly", ["11-22 00:00"]),
        ("@monthly", ["12-01 00:00"]), (" @Yearly ", ["01-01 00:00"]),
    ],
)  # fmt: skip
def test_next_times(text, expected):
    assert _times(text, "2026-11-21T12:00", len(expected)) == expected


def test_the_29th_of_february_comes_again_even_over_a_century():
    schedule = parse_schedule("0 0 29 2 *")
    assert next_after(schedule, datetime(2096, 3, 1, tzinfo=UTC), UTC_ZONE) == datetime(
        2104, 2, 29, tzinfo=UTC
    )


def test_times_are_local():
    schedule = parse_schedule("30 2 * * *")
    assert next_after(schedule, datetime(2026, 1, 1, tzinfo=UTC), BERLIN) == datetime(
        2026, 1, 1, 1, 30, tzinfo=UTC
    )


def test_what_falls_into_the_gap_is_due_at_its_end():
    assert _times("30 2 * * *", "2026-03-28T12:00", 2, BERLIN) == ["03-29 03:00", "03-30 02:30"]
    assert _times("30 2,3 * * *", "2026-03-28T12:00", 2, BERLIN) == ["03-29 03:00", "03-29 03:30"]
    assert _times("15 * * * *", "2026-03-29T00:30", 3, BERLIN) == [
        "03-29 01:15",
        "03-29 03:15",
        "03-29 04:15",
    ]
    samoa = ZoneInfo("Pacific/Apia")
    assert _times("0 12 * * *", "2011-12-29T13:00", 2, samoa) == ["12-31 00:00", "12-31 12:00"]


def test_what_would_come_twice_is_due_once_unless_it_is_for_every_hour():
    assert _times("30 2 * * *", "2026-10-24T12:00", 2, BERLIN) == ["10-25 02:30", "10-26 02:30"]
    assert _times("30 * * * *", "2026-10-25T01:00", 4, BERLIN) == [
        "10-25 01:30",
        "10-25 02:30",
        "10-25 02:30",
        "10-25 03:30",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a schedule: ''"), ("* * * *", "not a schedule"), ("* * * * * *", "not a schedule"), ("@reboot", "not a schedule"),
        ("60 * * * *", "minute: 60 is not from 0 to 59"), ("* 24 * * *", "hour: 24 is not"), ("* * 0 * *", "day of the month: 0"),
        ("* * * 13 *", "month: 13"), ("* * * * 8", "day of the week: 8"), ("* * * foo *", "month: foo"), ("jan * * * *", "minute: jan"),
        ("*/0 * * * *", "an empty range"), ("5-3 * * * *", "an empty range"), ("*-3 * * * *", "not a number, a range or a step"),
        ("1,,2 * * * *", "not a number"), ("-1 * * * *", "not a number"), ("1.5 * * * *", "not a number"), ("\u0661 * * * *", "not a number"),
        ("0 0 30 2 *", "names a day that never comes"), ("0 0 31 4,6,9,11 *", "never comes"), ("1" * 201 + " * * * *", "not a schedule"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text, words):
    with pytest.raises(TriggerInvalid) as error:
        parse_schedule(text)
    assert words in error.value.message


def test_a_day_that_comes_by_weekday_may_have_an_impossible_date():
    assert _times("0 0 30 2 mon", "2026-11-21T12:00", 1) == ["02-01 00:00"]


def test_a_branch_built_lately_is_left_out():
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert skip_if_built(now - timedelta(hours=23, minutes=59), now) == "built less than 24 h ago"
    assert skip_if_built(now - timedelta(hours=24), now) == ""
    assert skip_if_built(None, now) == ""
    assert skip_if_built(now - timedelta(hours=3), now, hours=2) == ""


def _field(low, high):
    number = st.integers(low, high)
    part = (
        number.map(str)
        | st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
        | st.integers(1, high).map(lambda step: f"*/{step}")
    )
    return st.just("*") | st.lists(part, min_size=1, max_size=3).map(",".join)


_SCHEDULES = st.tuples(_field(0, 59), _field(0, 23), st.just("*") | _field(1, 28), _field(1, 12), st.just("*") | _field(0, 7)).map(" ".join)  # fmt: skip
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - what hypothesis takes


def _named(schedule, moment):
    return (
        schedule.fits(moment.date())
        and moment.hour in schedule.hours
        and moment.minute in schedule.minutes
    )


@settings(deadline=None)
@given(text=_SCHEDULES, moment=_MOMENTS)
def test_the_next_time_is_named_and_none_before_it_is(text, moment):
    schedule = parse_schedule(text)
    due = next_after(schedule, moment, UTC_ZONE)
    assert due > moment
    assert _named(schedule, due)
    assert (due.second, due.microsecond) == (0, 0)
    minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for ahead in range(180):
        earlier = minute + timedelta(minutes=ahead)
        assert earlier >= due or not _named(schedule, earlier)


@settings(deadline=None)
@given(
    text=_SCHEDULES,
    moment=_MOMENTS,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_asking_later_before_it_is_due_gives_the_same_time(text, moment, zone):
    schedule = parse_schedule(text)
    due = next_after(schedule, moment, ZoneInfo(zone))
    between = moment + (due - moment) / 2
    assert next_after(schedule, between, ZoneInfo(zone)) == due


@settings(deadline=None)
@given(st.text(alphabet="0123456789*/,- @adefhijlmnorstuwy", max_size=25))
def test_any_text_is_a_schedule_or_an_error_of_ours(text):
    try:
        schedule = parse_schedule(text)
    except TriggerInvalid:
        return
    assert next_after(schedule, datetime(2026, 1, 1, tzinfo=UTC), UTC_ZONE).tzinfo is UTC
