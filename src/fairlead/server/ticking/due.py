"""What is due, found by one query, and claimed by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec
from django.db import connection

from fairlead.server.store.models import Recurrence

_LOCK = 0x666C7469  # "flti", which is followed by a project's number
_KINDS = {Recurrence.Kind.CRON: 0, Recurrence.Kind.POLL: 1}

# A row is due also where the project says something else than when it was reckoned, or where the
# clock went back since: what was reckoned from a wrong time may be years ahead.
_DUE = """
wanted AS (
  SELECT id, 'cron' AS kind, cron || ' ' || coalesce(triggers ->> 'zone', 'UTC') AS spec
  FROM store_project WHERE enabled AND cron <> ''
  UNION ALL
  SELECT id, 'poll', poll_every::text
  FROM store_project WHERE enabled AND poll_every > 0 AND kind = 'mirrored'
)
SELECT wanted.id, wanted.kind, wanted.spec, clock.now
FROM clock, wanted LEFT JOIN store_recurrence AS row
  ON row.project_id = wanted.id AND row.kind = wanted.kind
WHERE row.id IS NULL OR row.due <= clock.now OR row.reckoned > clock.now
  OR row.spec <> left(wanted.spec, 200)
"""
_FIND = f"""
WITH clock AS (SELECT coalesce(%(now)s, clock_timestamp()) AS now), {_DUE}
ORDER BY row.due NULLS FIRST, wanted.id LIMIT %(limit)s
"""
ANYTHING_DUE = f"EXISTS (WITH clock AS (SELECT clock_timestamp() AS now), {_DUE})"
"""True where ``find`` would find something, for whoever asks more than that."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done; ``now`` is the database's time, so that all processes agree."""

    project_id: int
    kind: str
    spec: str
    now: datetime

    @property
    def name(self) -> tuple[int, str]:
        """What it is, whenever it is due."""
        return self.project_id, self.kind


def find(now: datetime | None = None, *, limit: int = 100) -> list[Due]:
    """What is due, the longest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"now": now, "limit": limit})
        return [
            Due(project_id=row[0], kind=row[1], spec=row[2][:200], now=row[3])
            for row in cursor.fetchall()
        ]


def still(due: Due) -> bool:
    """Whether nobody has done it meanwhile; to be asked under its lock."""
    row = Recurrence.objects.filter(project_id=due.project_id, kind=due.kind).first()
    return row is None or row.due <= due.now or row.reckoned > due.now or row.spec != due.spec


@contextmanager
def claimed(due: Due) -> Iterator[bool]:
    """Whether it is ours to do: nobody else does it until the end of the block."""
    key = (_LOCK, due.project_id * 2 + _KINDS[Recurrence.Kind(due.kind)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        row = cursor.fetchone()
        if not row or not row[0]:
            yield False
            return
        try:
            yield still(due)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
