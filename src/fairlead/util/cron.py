"""Schedules in five fields, as crontab(5) has them, and when they are due next."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from fairlead.errors import TriggerInvalid
from fairlead.model.plan import Value

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(\*|[a-z0-9]{1,3})(?:-([a-z0-9]{1,3}))?(?:/([0-9]{1,2}))?")
_LONGEST = 200
_LAST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HORIZON = 13 * 366
"""Days until the rarest day comes again: a date that is to be on one weekday, over a century."""


class Schedule(Value, frozen=True, kw_only=True):
    """The times a schedule names, each field sorted; Sunday is 0.

    ``either`` says that a day fits by its date or by its weekday: cron's rule where both are
    given. ``every_hour`` says that the hour is ``*``.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool
    every_hour: bool

    def fits(self, day: date) -> bool:
        """Whether a day is among the schedule's."""
        if day.month not in self.months:
            return False
        by_date, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_week if self.either else by_date and by_week


def parse_schedule(text: str) -> Schedule:
    """The schedule of an expression like ``30 2 * * mon-fri`` or ``@daily``.

    Raises ``TriggerInvalid`` that names the field, also for a day that never comes.
    """
    fields = five_fields(text).lower().split()
    if len(text) > _LONGEST or len(fields) != len(_FIELDS):
        raise TriggerInvalid(
            f"not a schedule: {text[:80]!a}",
            hint="five fields: minute, hour, day, month, weekday; or @hourly, @daily, @weekly",
        )
    minutes, hours, days, months, weekdays = (
        _field(field, *about) for field, about in zip(fields, _FIELDS, strict=True)
    )
    schedule = Schedule(
        text=text.strip(),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        either=not fields[2].startswith("*") and not fields[4].startswith("*"),
        every_hour=fields[1] == "*",
    )
    if not schedule.either and all(d > _LAST[m - 1] for m, d in product(months, days)):
        raise TriggerInvalid(f"the schedule {text[:80]!a} names a day that never comes")
    return schedule


def five_fields(text: str) -> str:
    """An expression as cron itself has it: ``@daily`` is ``0 0 * * *``."""
    return _SHORT.get(text.strip().lower(), text.strip())


def next_after(schedule: Schedule, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first time after ``moment`` (aware) that the schedule names in ``zone``, in UTC.

    Where clocks go forward, what falls into the gap is due at its end; where they go back, what
    would come twice is due the first time. A schedule for every hour goes on as if nothing were.
    """
    start = moment.astimezone(zone).date()
    for ahead in range(_HORIZON):
        day = start + timedelta(days=ahead)
        if schedule.fits(day):
            found = next((t for t in _times(schedule, day, zone) if t > moment), None)
            if found:
                return found
    raise TriggerInvalid(f"the schedule {schedule.text!a} is never due")


def skip_if_built(last: datetime | None, now: datetime, *, hours: int = 24) -> str:
    """Why a scheduled build is left out: the branch was built less than ``hours`` ago."""
    if last is None or now - last >= timedelta(hours=hours):
        return ""
    return f"built less than {hours} h ago"


def _times(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a day in UTC, in order."""
    local = (
        datetime.combine(day, time(hour, minute), zone)
        for hour, minute in product(schedule.hours, schedule.minutes)
    )
    noon = datetime.combine(day, time(12), zone)
    around = (noon - timedelta(days=1)).utcoffset(), (noon + timedelta(days=1)).utcoffset()
    if around[0] == around[1]:
        return (one.astimezone(UTC) for one in local)
    moments = (moment for one in local for moment in _moments(schedule, one, zone))
    return iter(sorted(set(moments)))


def _moments(schedule: Schedule, local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """A local time in UTC, near a change of the clocks: once, twice, or at the end of a gap."""
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first < second:
        return (first, second) if schedule.every_hour else (first,)
    if first == second:
        return (first,)
    return () if schedule.every_hour else (_end_of_gap(second, first, zone),)


def _end_of_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the offset changes."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        same = middle.astimezone(zone).utcoffset() == before
        low, high = (middle, high) if same else (low, middle)
    return high.replace(microsecond=0)


def _field(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_range(part, name, low, high, words))
    return tuple(sorted(found))


def _range(part: str, name: str, low: int, high: int, words: tuple[str, ...]) -> range:
    match = _PART.fullmatch(part)
    if not match or (match[1] == "*" and match[2]):
        raise TriggerInvalid(f"{name}: not a number, a range or a step: {part[:20]!a}")
    step = int(match[3] or 1)
    if match[1] == "*":
        first, last = low, high
    else:
        first = _number(match[1], name, low, high, words)
        single = high if match[3] else first
        last = _number(match[2], name, low, high, words) if match[2] else single
    if not step or first > last:
        raise TriggerInvalid(f"{name}: an empty range: {part[:20]!a}")
    return range(first, last + 1, step)


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    number = words.index(text) + low if text in words else int(text) if text.isdecimal() else -1
    if not low <= number <= high:
        raise TriggerInvalid(f"{name}: {text} is not from {low} to {high}")
    return number
