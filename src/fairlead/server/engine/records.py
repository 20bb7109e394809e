"""A build's earlier ones, from the store, and a place for its files until they are stored.

Whichever worker runs a build compares it with the same others.
"""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection
from psycopg import Cursor

from fairlead.errors import UsageError
from fairlead.model import (
    JobResult,
    Origin,
    Outcome,
    Plan,
    RunResult,
    TestCase,
    TestOutcome,
    TestReport,
    Trigger,
)
from fairlead.runner.history import Entry
from fairlead.server.engine.tables import AWAY
from fairlead.server.store.asking import direct
from fairlead.server.store.fields import unpack
from fairlead.server.store.models import Build

log = logging.getLogger(__name__)

_RETRY = 0.3  # seconds
_LOOKED_AT = 50
"""Builds of the project that are looked through for one to compare with."""

_EARLIER = """
SELECT id, number, state, branch, pull_request, commit, tree, trusted, "only" <> '{}'
FROM store_build WHERE project_id = %s AND number < %s
  AND state IN ('passed', 'failed', 'errored', 'cancelled')
ORDER BY number DESC LIMIT %s
"""
_BUILD = """
SELECT b.id, b.state, b.event, b.passed_tests + b.bad_tests + b.skipped_tests,
  CASE WHEN coalesce(j.place, 0) = 0 THEN b.result END, j.id, j.key, j.state, j.seconds, j.result
FROM store_build b LEFT JOIN store_job j ON j.build_id = b.id
WHERE b.project_id = %s AND b.number = %s ORDER BY j.place
"""
_TESTS = """
SELECT a.job_id, a.number, t.suite, t.name, t.outcome, t.seconds, t.node
FROM store_test t JOIN store_attempt a ON a.id = t.attempt_id
WHERE t.build_id = %s ORDER BY t.id
"""


class BuildRecords:
    """What ``fairlead.runner`` writes down of one build, and what came before it.

    Logs and artifacts go below ``place``, from where the engine stores them; results are stored
    as they are told. What came before is asked for until the database answers, or ``given_up``.
    """

    word = "build"

    def __init__(
        self, build: Build, place: Path, given_up: Callable[[], bool] = lambda: False
    ) -> None:
        self._build = build
        self._place = place
        self._given_up = given_up
        self._known: dict[int, list[tuple[Any, ...]]] = {}

    def begin(self) -> int:
        """Be called as the build is."""
        return self._build.number

    def folder(self, number: int) -> Path:
        """A folder of this worker."""
        del number
        return self._place

    def entries(self) -> tuple[Entry, ...]:
        """Builds that ended before this one began."""
        return self._entries

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        rows = self._rows(_EARLIER, self._build.project_id, self._build.number, _LOOKED_AT)
        entries = [_entry(row) for row in reversed(rows)]
        if rows:
            jobs = [row[6:9] for row in self._earlier(rows[0][1]) if row[5] is not None]
            entries[-1] = msgspec.structs.replace(
                entries[-1],
                seconds=tuple((key, took) for key, _, took in jobs),
                outcomes=tuple((key, end) for key, end, _ in jobs),
            )
        return tuple(entries)

    def load(self, number: int) -> RunResult:
        """An earlier build's result, its tests with what comparing needs of them."""
        found = self._earlier(number)
        if not found:
            raise UsageError(f"there is no build {number}")
        build_id, state, event, tests, data, *_ = found[0]
        result = unpack(data, RunResult) or RunResult(
            number=number,
            outcome=Outcome(state),
            trigger=Trigger(event=event),
            plan=Plan(source="", origin=Origin.NATIVE),
        )
        cases = _cases(self._rows(_TESTS, build_id)) if tests else {}
        jobs = [
            _with_tests(job, tuple(cases.get(pk, ())))
            for *_, pk, _, _, _, packed in found
            if packed is not None and (job := unpack(packed, JobResult)) is not None
        ]
        return msgspec.structs.replace(result, number=number, jobs=tuple(jobs))

    def _earlier(self, number: int) -> list[tuple[Any, ...]]:
        """A build with its jobs; the newest is wanted twice."""
        if number not in self._known:
            self._known = {number: self._rows(_BUILD, self._build.project_id, number)}
        return self._known[number]

    def finish(self, result: RunResult, keep: int) -> None:
        """Nothing: the recorder stores it, and the store's own retention forgets."""

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        while True:
            try:
                return _rows(statement, *values)
            except AWAY as error:
                if self._given_up():
                    raise
                log.warning("build %s waits for the database: %s", self._build.pk, error)
                time.sleep(_RETRY)


def _rows(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What a statement finds, with the thread's connection given back.

    The runner asks from threads of its own, which end without a word to the pool. It asks with
    every build, so without the ORM, which took longer over this than a build over all else.
    """
    try:
        return Cursor(direct()).execute(statement, values, prepare=True).fetchall()
    finally:
        connection.close()


def _entry(row: tuple[Any, ...]) -> Entry:
    _, number, state, branch, pull_request, commit, tree, trusted, partial = row
    return Entry(
        number=number,
        outcome=state,
        branch=(f"pull request {pull_request}" if pull_request else branch) or None,
        commit=commit,
        tree=tree,
        partial=partial,
        trusted=trusted,
    )


def _cases(rows: list[tuple[Any, ...]]) -> dict[int, list[TestCase]]:
    """The tests of each job's last attempt."""
    cases: dict[int, list[TestCase]] = {}
    last: dict[int, int] = {}
    for job, attempt, suite, name, outcome, seconds, node in rows:
        if attempt > last.get(job, 0):
            last[job], cases[job] = attempt, []
        if attempt == last[job]:
            case = TestCase(
                suite=suite, name=name, outcome=TestOutcome(outcome), seconds=seconds, id=node
            )
            cases[job].append(case)
    return cases


def _with_tests(result: JobResult, cases: tuple[TestCase, ...]) -> JobResult:
    """The result with the tests of its last attempt, which have rows of their own."""
    if not result.attempts:
        return result
    *others, last = result.attempts
    report = msgspec.structs.replace(last.report, tests=TestReport(cases=cases))
    attempts = (*others, msgspec.structs.replace(last, report=report))
    return msgspec.structs.replace(result, attempts=attempts)
