"""Jobs with their attempts and steps, read in three queries whatever their number."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from fairlead.server.api.shapes.page import Moment
from fairlead.server.store import models


class Tests(msgspec.Struct, frozen=True):
    """How many tests ended how; ``bad`` failed or errored."""

    __test__ = False

    passed: int
    bad: int
    skipped: int


class Step(msgspec.Struct, frozen=True):
    """A command of an attempt; ``number`` counts from 0.

    Its output is ``length`` bytes of the attempt's log from ``offset``. ``code`` is its exit
    code, negative for a signal. ``reused``: an earlier success stood in for it.
    """

    number: int
    name: str
    phase: str
    state: str
    code: int | None
    started: Moment
    seconds: float
    reason: str
    reused: bool
    offset: int
    length: int


class Phase(msgspec.Struct, frozen=True):
    """A part of an attempt that is over: checkout, environment, services, steps, reports."""

    phase: str
    seconds: float
    note: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One go at a job, ``number`` from 1; ``log_size`` in bytes, 0 while it runs."""

    id: int
    number: int
    state: str
    reason: str
    timed_out: bool
    started: Moment
    finished: Moment | None
    seconds: float
    log_size: int
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job; ``place`` is its position in the plan, from 1, and ``key`` its name there.

    ``axes`` pairs names of the matrix with values. ``python`` is the version asked for,
    ``interpreter`` the one that ran, ``environment`` the key of the environment.
    """

    place: int
    key: str
    name: str
    stage: str
    state: str
    reason: str
    progress: str
    axes: list[tuple[str, str]]
    needs: list[str]
    python: str
    interpreter: str
    environment: str
    allow_failure: bool
    isolated: bool
    started: Moment | None
    finished: Moment | None
    seconds: float
    coverage: float | None
    tests: Tests
    attempts: tuple[Attempt, ...]


_STEP = (
    "number",
    "name",
    "phase",
    "state",
    "code",
    "started",
    "seconds",
    "reason",
    "reused",
    "offset",
    "length",
)


def job_shapes(jobs: Iterable[models.Job]) -> tuple[Job, ...]:
    """Jobs of one build with all below them."""
    found = tuple(jobs)
    attempts = _attempts([job.pk for job in found])
    return tuple(_job(job, tuple(attempts[job.pk])) for job in found)


def _attempts(jobs: list[int]) -> dict[int, list[Attempt]]:
    rows = models.Attempt.objects.filter(job_id__in=jobs).order_by("number") if jobs else ()
    attempts = list(rows)
    steps = _steps([attempt.pk for attempt in attempts])
    found: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.job_id].append(_attempt(attempt, tuple(steps[attempt.pk])))
    return found


def _steps(attempts: list[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    if attempts:
        rows = models.Step.objects.filter(attempt_id__in=attempts).order_by("number")
        for attempt, *fields in rows.values_list("attempt_id", *_STEP):
            found[attempt].append(Step(*fields))
    return found


def _attempt(attempt: models.Attempt, steps: tuple[Step, ...]) -> Attempt:
    return Attempt(
        id=attempt.pk,
        number=attempt.number,
        state=attempt.state,
        reason=attempt.reason,
        timed_out=attempt.timed_out,
        started=attempt.started,
        finished=attempt.finished,
        seconds=attempt.seconds,
        log_size=attempt.log_size,
        phases=tuple(Phase(*phase) for phase in attempt.phases),
        steps=steps,
    )


def _job(job: models.Job, attempts: tuple[Attempt, ...]) -> Job:
    return Job(
        place=job.place + 1,
        key=job.key,
        name=job.name,
        stage=job.stage,
        state=job.state,
        reason=job.reason,
        progress=job.progress,
        axes=[(name, value) for name, value in job.axes],
        needs=job.needs,
        python=job.python,
        interpreter=job.interpreter,
        environment=job.environment,
        allow_failure=job.allow_failure,
        isolated=job.isolated,
        started=job.started,
        finished=job.finished,
        seconds=job.seconds,
        coverage=job.coverage,
        tests=Tests(job.passed_tests, job.bad_tests, job.skipped_tests),
        attempts=attempts,
    )
