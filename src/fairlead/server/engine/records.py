"""A build's earlier ones, from the store, and a place for its files until they are stored.

Whichever worker runs a build compares it with the same others.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
from django.db import connection

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
from fairlead.server.store.fields import unpack
from fairlead.server.store.models import ENDED, Build, Job, Test

T = TypeVar("T")

_COLUMNS = (
    "number", "state", "branch", "pull_request", "commit", "tree", "trusted", "only"
)  # fmt: skip
_LOOKED_AT = 100
"""Builds of the project that are looked through for one to compare with."""


class BuildRecords:
    """What ``fairlead.runner`` writes down of one build, and what came before it.

    Logs and artifacts go below ``place``, from where the engine stores them; results are stored
    as they are told.
    """

    word = "build"

    def __init__(self, build: Build, place: Path) -> None:
        self._build = build
        self._place = place

    def begin(self) -> int:
        """Be called as the build is."""
        return self._build.number

    def folder(self, number: int) -> Path:
        """A folder of this worker."""
        del number
        return self._place

    def entries(self) -> tuple[Entry, ...]:
        """Builds that ended before this one began."""
        return _with_connection(lambda: self._entries)

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        earlier = Build.objects.filter(
            project_id=self._build.project_id, number__lt=self._build.number, state__in=ENDED
        )
        rows = list(earlier.order_by("-id").only(*_COLUMNS)[:_LOOKED_AT])
        entries = [_entry(row) for row in reversed(rows)]
        if rows:
            jobs = list(rows[0].jobs.values_list("key", "state", "seconds"))
            entries[-1] = msgspec.structs.replace(
                entries[-1],
                seconds=tuple((key, took) for key, _, took in jobs),
                outcomes=tuple((key, end) for key, end, _ in jobs),
            )
        return tuple(entries)

    def load(self, number: int) -> RunResult:
        """An earlier build's result, its tests with what comparing needs of them."""
        return _with_connection(lambda: self._load(number))

    def _load(self, number: int) -> RunResult:
        known = Build.objects.filter(project_id=self._build.project_id, number=number)
        found = known.defer("plan", "trigger").first()
        if found is None:
            raise UsageError(f"there is no build {number}")
        result = found.read_result() or RunResult(
            number=number,
            outcome=Outcome(found.state),
            trigger=Trigger(event=found.event),
            plan=Plan(source="", origin=Origin.NATIVE),
        )
        return msgspec.structs.replace(result, number=number, jobs=tuple(_jobs(found)))

    def finish(self, result: RunResult, keep: int) -> None:
        """Nothing: the recorder stores it, and the store's own retention forgets."""


def _with_connection(read: Callable[[], T]) -> T:
    """What ``read`` returns, with the thread's connection given back.

    The runner asks from threads of its own, which end without a word to the pool.
    """
    try:
        return read()
    finally:
        connection.close()


def _entry(row: Build) -> Entry:
    line = f"pull request {row.pull_request}" if row.pull_request else row.branch
    return Entry(
        number=row.number,
        outcome=row.state,
        branch=line or None,
        commit=row.commit,
        tree=row.tree,
        partial=bool(row.only),
        trusted=row.trusted,
    )


def _jobs(build: Build) -> Iterable[JobResult]:
    cases: dict[int, list[TestCase]] = {}
    columns = ("attempt__job_id", "attempt__number", "suite", "name", "outcome", "seconds", "node")
    last: dict[int, int] = {}
    known = build.passed_tests or build.bad_tests or build.skipped_tests
    tests = Test.objects.filter(build=build) if known else Test.objects.none()
    for job, attempt, suite, name, outcome, seconds, node in tests.order_by("id").values_list(
        *columns
    ):
        if attempt > last.get(job, 0):
            last[job], cases[job] = attempt, []
        if attempt == last[job]:
            case = TestCase(
                suite=suite, name=name, outcome=TestOutcome(outcome), seconds=seconds, id=node
            )
            cases[job].append(case)
    for pk, data in Job.objects.filter(build=build).values_list("pk", "result"):
        if (result := unpack(data, JobResult)) is not None:
            yield _with_tests(result, tuple(cases.get(pk, ())))


def _with_tests(result: JobResult, cases: tuple[TestCase, ...]) -> JobResult:
    """The result with the tests of its last attempt, which have rows of their own."""
    if not result.attempts:
        return result
    *others, last = result.attempts
    report = msgspec.structs.replace(last.report, tests=TestReport(cases=cases))
    attempts = (*others, msgspec.structs.replace(last, report=report))
    return msgspec.structs.replace(result, attempts=attempts)
