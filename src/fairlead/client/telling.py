"""States of a server's build as the events of a run, so that what shows runs shows builds."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from fairlead.client.values import Attempt, Build, Job, Step, TestCase
from fairlead.model import (
    Event,
    JobFinished,
    JobStarted,
    Origin,
    Outcome,
    Plan,
    RunStarted,
    StepFinished,
    StepStarted,
    TestFinished,
    TestOutcome,
)
from fairlead.model import Job as PlannedJob
from fairlead.model import TestCase as Case

FailingTests = Callable[[Job, int, int], Iterable[TestCase]]
"""Asks for the failing tests of a job's attempt that come after the one with that id."""

_PASSED = Case(name="", outcome=TestOutcome.PASSED)


class Teller:
    """Compares each state of a build with the one before and tells what happened in between.

    ``failing`` collects the failing tests of each job's latest attempt, by the job's key.
    """

    def __init__(self, failing_tests: FailingTests) -> None:
        self.failing: dict[str, list[TestCase]] = {}
        self._ask = failing_tests
        self._begun = False
        self._jobs: dict[str, _Told] = {}

    def tell(self, build: Build) -> Iterator[Event]:
        """The events since the last call. Nothing before the build is planned."""
        if not build.jobs:
            return
        now = time.time()
        if not self._begun:
            self._begun = True
            began = min(_seconds(build.started) or now, now)
            yield RunStarted(time=began, number=build.number, plan=_plan(build))
        for job in build.jobs:
            yield from self._job(job, now)

    def _job(self, job: Job, now: float) -> Iterator[Event]:
        told = self._jobs.setdefault(job.key, _Told())
        for attempt in job.attempts:
            if attempt.number < told.attempt or told.ended == attempt.number:
                continue
            if attempt.number > told.attempt:
                told.begin(attempt.number)
                self.failing[job.key] = []
                began = min(_seconds(attempt.started) or now, now)
                yield JobStarted(time=began, job=job.key, attempt=attempt.number)
            yield from _steps(job, attempt, told, now)
            if attempt is job.attempts[-1]:
                yield from self._tests(job, attempt, told, now)
            if attempt.state in _OUTCOMES and (attempt is not job.attempts[-1] or job.ended):
                told.ended = attempt.number
                yield _finished(job, attempt, now, again=attempt is not job.attempts[-1])
        if job.ended and not job.attempts and not told.ended:
            told.ended = -1
            yield _never_begun(job, now)

    def _tests(self, job: Job, attempt: Attempt, told: "_Told", now: float) -> Iterator[Event]:
        step = max((step.number for step in attempt.steps), default=0)

        def finished(case: Case) -> TestFinished:
            return TestFinished(time=now, job=job.key, attempt=attempt.number, step=step, case=case)

        if job.tests.bad > told.bad:
            for test in self._ask(job, attempt.number, told.last_test):
                told.last_test = max(told.last_test, test.id)
                told.bad += 1
                self.failing[job.key].append(test)
                yield finished(_case(test))
        others = job.tests.passed + job.tests.skipped
        for _ in range(others - told.others):
            yield finished(_PASSED)
        told.others = max(told.others, others)


class _Told:
    """What was told of a job: of which attempt, of how many of its steps and tests."""

    def __init__(self) -> None:
        self.ended = 0
        self.last_test = 0
        self.begin(0)

    def begin(self, attempt: int) -> None:
        """Nothing was told of a new attempt."""
        self.attempt = attempt
        self.started: set[int] = set()
        self.finished: set[int] = set()
        self.bad = 0
        self.others = 0


def _steps(job: Job, attempt: Attempt, told: _Told, now: float) -> Iterator[Event]:
    for step in attempt.steps:
        if step.number not in told.started:
            told.started.add(step.number)
            yield StepStarted(
                time=now, job=job.key, attempt=attempt.number, step=step.number, name=step.name
            )
        if step.state in _OUTCOMES and step.number not in told.finished:
            told.finished.add(step.number)
            yield _step_finished(job, attempt, step, now)


def _step_finished(job: Job, attempt: Attempt, step: Step, now: float) -> StepFinished:
    return StepFinished(
        time=now,
        job=job.key,
        attempt=attempt.number,
        step=step.number,
        outcome=Outcome(step.state),
        seconds=step.seconds,
        code=step.code,
        reused=step.reused,
        reason=step.reason or "",
    )


def _finished(job: Job, attempt: Attempt, now: float, *, again: bool) -> JobFinished:
    return JobFinished(
        time=now,
        job=job.key,
        attempt=attempt.number,
        outcome=Outcome(attempt.state if again else job.state),
        seconds=(attempt.seconds if again else job.seconds) or 0.0,
        reason=(attempt.reason if again else job.reason) or "",
        again=again,
    )


def _never_begun(job: Job, now: float) -> JobFinished:
    return JobFinished(
        time=now, job=job.key, attempt=0, outcome=Outcome(job.state), seconds=0.0,
        reason=job.reason or "",
    )  # fmt: skip


def _plan(build: Build) -> Plan:
    jobs = tuple(
        PlannedJob(id=job.key, name=job.name, stage=job.stage, allow_failure=job.allow_failure)
        for job in build.jobs
    )
    return Plan(source=build.project, origin=Origin.NATIVE, jobs=jobs)


def _case(test: TestCase) -> Case:
    outcome = test.outcome if test.outcome in _TEST_OUTCOMES else TestOutcome.FAILED
    return Case(
        name=test.name,
        suite=test.suite or "",
        id=test.node or "",
        outcome=TestOutcome(outcome),
        message=test.message or "",
    )


def _seconds(moment: str | None) -> float | None:
    try:
        return datetime.fromisoformat(moment).timestamp() if moment else None
    except ValueError:
        return None


_OUTCOMES = frozenset(Outcome)
_TEST_OUTCOMES = frozenset(TestOutcome)
