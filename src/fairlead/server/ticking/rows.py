"""The row of a recurrence: made, moved on, and what goes wrong with it."""

import re
from datetime import datetime, timedelta

from fairlead.server.store.fields import clean
from fairlead.server.store.models import Recurrence
from fairlead.server.ticking.due import Due

LONGEST_PAUSE = 3600.0
"""Seconds at most between two tries of what fails, unless it is due more seldom anyway."""

_FIRST_PAUSE = 60.0
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def read(due: Due) -> Recurrence:
    """The row of what is due, a new one that is not stored yet where there is none."""
    row = Recurrence.objects.filter(project_id=due.project_id, kind=due.kind).first()
    return row or Recurrence(
        project_id=due.project_id, kind=due.kind, spec="", due=due.now, reckoned=due.now
    )


def move_on(row: Recurrence, due: Due, following: datetime) -> None:
    """Store when it is due next, after all went well."""
    row.spec, row.reckoned, row.due = due.spec, due.now, following
    row.failures, row.error = 0, ""
    row.save()


def fail(row: Recurrence, due: Due, error: str, *, every: float = _FIRST_PAUSE) -> None:
    """Store what went wrong; it is tried again after ``every`` seconds, then twice that, ..."""
    longest = max(LONGEST_PAUSE, every)
    pause = min(every * 2 ** min(row.failures, 20), longest)
    row.spec, row.reckoned = due.spec, due.now
    row.due = due.now + timedelta(seconds=pause)
    row.failures += 1
    row.error = clean(_CREDENTIALS.sub("", error), 2000)
    row.save()
