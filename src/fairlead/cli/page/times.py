"""Where the time went: each job's attempts and their phases on one time axis; slow tests."""

from collections.abc import Iterator

from fairlead.model import Attempt, RunResult
from fairlead.model.plan import Value

_PHASES = ("checkout", "environment", "services", "install", "steps", "reports")
_SLOWEST = 20


class Bar(Value, frozen=True, kw_only=True):
    """A piece of the axis, in percent of the run."""

    phase: str
    start: float
    width: float


class Timeline(Value, frozen=True, kw_only=True):
    """One attempt at a job: ``start`` seconds after the run's, each phase's seconds, its bars."""

    job: str
    attempt: int
    start: float
    seconds: float
    phases: tuple[float | None, ...]
    bars: tuple[Bar, ...]


class SlowTest(Value, frozen=True, kw_only=True):
    """A test at its slowest. ``share`` is in percent of the slowest of all."""

    name: str
    job: str
    seconds: float
    share: float


def timelines(result: RunResult) -> tuple[Timeline, ...]:
    """All attempts in the order in which they began."""
    phases = phases_of(result)
    found = [
        _timeline(result, job.job, number, attempt, phases)
        for job in result.jobs
        for number, attempt in enumerate(job.attempts, 1)
    ]
    return tuple(sorted(found, key=lambda line: line.start))


def phases_of(result: RunResult) -> tuple[str, ...]:
    """The phases that any attempt had, in the order in which they happen."""
    found = {p.phase for job in result.jobs for attempt in job.attempts for p in attempt.phases}
    return (*(p for p in _PHASES if p in found), *sorted(found.difference(_PHASES)))


def _timeline(
    result: RunResult, job: str, number: int, attempt: Attempt, phases: tuple[str, ...]
) -> Timeline:
    took: dict[str, float] = {}
    for phase in attempt.phases:
        took[phase.phase] = took.get(phase.phase, 0.0) + phase.seconds
    start = max(attempt.started - result.started, 0.0) if attempt.started else 0.0
    whole = max(result.seconds, start + attempt.seconds, 1e-6)
    return Timeline(
        job=job,
        attempt=number,
        start=start,
        seconds=attempt.seconds,
        phases=tuple(took.get(phase) for phase in phases),
        bars=tuple(_bars(took or {"steps": attempt.seconds}, start, whole)),
    )


def _bars(took: dict[str, float], start: float, whole: float) -> Iterator[Bar]:
    for phase, seconds in took.items():
        width = 100.0 * seconds / whole
        yield Bar(phase=phase, start=round(100.0 * start / whole, 2), width=round(width, 2))
        start += seconds


def slowest(result: RunResult) -> tuple[SlowTest, ...]:
    """The slowest tests, each once: in the job where it took longest."""
    found: dict[str, tuple[float, str, str]] = {}
    for job in result.jobs:
        for case in job.report.tests.cases:
            if case.seconds > found.get(case.key, (0.0,))[0]:
                found[case.key] = (case.seconds, job.job, case.id or case.key)
    first = sorted(found.values(), key=lambda one: -one[0])[:_SLOWEST]
    return tuple(
        SlowTest(name=name, job=job, seconds=seconds, share=round(100.0 * seconds / first[0][0], 1))
        for seconds, job, name in first
    )
