"""How jobs and builds stand, as JSON for open pages: read with plain SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fairlead.server.streams.database import Database

MOST_BAD = 200
"""Failed tests that a stream tells of by name; the page has a list of all."""

_ATTEMPT = """
SELECT j.state, j.reason, j.progress, j.seconds, b.state, a.number, a.state, a.phases,
    (SELECT max(number) FROM store_attempt WHERE job_id = j.id),
    (SELECT json_agg(json_build_object('number', s.number, 'name', left(s.name, 500),
        'phase', s.phase, 'state', s.state, 'code', s.code, 'seconds', s.seconds,
        'reason', left(s.reason, 500), 'reused', s.reused) ORDER BY s.number)
     FROM store_step s WHERE s.attempt_id = a.id),
    (SELECT sum(expected) FROM store_step WHERE attempt_id = a.id)
FROM store_attempt a JOIN store_job j ON j.id = a.job_id JOIN store_build b ON b.id = j.build_id
WHERE a.id = %(attempt)s
"""
_BUILD = """
SELECT b.state, b.sentence, b.reason,
    (SELECT json_object_agg(state, n)
     FROM (SELECT state, count(*) n FROM store_job WHERE build_id = b.id GROUP BY state) c),
    (SELECT count(*) FROM store_test WHERE build_id = b.id AND outcome IN ('failed', 'errored'))
FROM store_build b WHERE b.id = %(build)s
"""
_DEPLOYMENT = """
SELECT d.state, d.sentence, d.reason, d.recorded,
    (SELECT json_agg(json_build_object('phase', phase, 'host', host, 'state', state,
        'seconds', seconds, 'note', left(note, 300)) ORDER BY place)
     FROM store_deployphase WHERE deployment_id = d.id)
FROM store_deployment d WHERE d.id = %(deployment)s
"""
_OPEN = ("held", "queued", "running")
_OWNER = """
SELECT j.build_id FROM store_attempt a JOIN store_job j ON j.id = a.job_id
WHERE a.id = %(attempt)s
"""
_COUNTS = """
SELECT outcome, count(*), max(id) FROM store_test
WHERE attempt_id = %(attempt)s AND id > %(after)s GROUP BY outcome
"""
_BAD = """
SELECT id, suite, name, left(message, 1000) FROM store_test
WHERE attempt_id = %(attempt)s AND id > %(after)s AND id <= %(last)s
    AND outcome IN ('failed', 'errored')
ORDER BY id LIMIT %(most)s
"""
_ENDED = ("passed", "failed", "errored", "cancelled")
_KINDS = {"failed": "bad", "errored": "bad", "skipped": "skipped"}


class Changed(msgspec.Struct, frozen=True):
    """What an event ``changed`` or ``end`` tells, as JSON."""

    json: str
    ended: bool


async def owner(database: Database, attempt: int) -> int | None:
    """The build that an attempt belongs to."""
    rows = await database.fetch(_OWNER, {"attempt": attempt})
    return rows[0][0] if rows else None


async def attempt_state(database: Database, attempt: int) -> Changed | None:
    """A job, one attempt at it, and its steps; ``None`` where the attempt is gone.

    ``latest`` is the number of the newest attempt, ``tests`` how many tests were collected.
    """
    rows = await database.fetch(_ATTEMPT, {"attempt": attempt})
    if not rows:
        return None
    names = "state reason progress seconds build attempt attempt_state phases latest steps tests"
    told = dict(zip(names.split(), rows[0], strict=True))
    told["steps"] = told["steps"] or []
    told["tests"] = int(told["tests"] or 0)
    going = told["attempt_state"] == "running" and told["build"] not in _ENDED
    return Changed(_encode(told), not going)


async def build_state(database: Database, build: int) -> Changed | None:
    """A build and how many of its jobs are in which state; ``None`` where it is gone."""
    rows = await database.fetch(_BUILD, {"build": build})
    if not rows:
        return None
    told = dict(zip(("state", "sentence", "reason", "jobs", "bad_tests"), rows[0], strict=True))
    told["jobs"] = told["jobs"] or {}
    return Changed(_encode(told), told["state"] in _ENDED)


async def deployment_state(database: Database, deployment: int) -> Changed | None:
    """A deployment and its phases so far; ``None`` where it is gone.

    ``events`` counts what was told of it, so that it changes with each line that is written.
    """
    rows = await database.fetch(_DEPLOYMENT, {"deployment": deployment})
    if not rows:
        return None
    told = dict(zip(("state", "sentence", "reason", "events", "phases"), rows[0], strict=True))
    told["phases"] = told["phases"] or []
    return Changed(_encode(told), told["state"] not in _OPEN)


class Tests:
    """The tests of an attempt, counted as they come. ``bad`` are JSON texts by id, in order."""

    def __init__(self) -> None:
        self.counts = {"passed": 0, "bad": 0, "skipped": 0}
        self.bad: list[tuple[int, Mapping[str, object]]] = []
        self.last = 0

    async def look(self, database: Database, attempt: int) -> bool:
        """Count what is new; false where nothing is."""
        values: dict[str, object] = {"attempt": attempt, "after": self.last}
        rows = await database.fetch(_COUNTS, values)
        if not rows:
            return False
        last = max(row[2] for row in rows)
        left = MOST_BAD - len(self.bad)
        if left > 0 and any(_KINDS.get(row[0]) == "bad" for row in rows):
            self._add(await database.fetch(_BAD, {**values, "last": last, "most": left}))
        for outcome, count, _ in rows:
            self.counts[_KINDS.get(outcome, "passed")] += count
        self.last = last
        return True

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for key, suite, name, message in rows:
            shown = f"{suite}::{name}" if suite else name
            self.bad.append((key, {"id": key, "name": shown[:500], "message": message}))

    def told(self, after: int) -> str:
        """The counters, and the bad tests that came behind the one with id ``after``."""
        failed = [test for key, test in self.bad if key > after]
        return _encode({**self.counts, "failed": failed})


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()
