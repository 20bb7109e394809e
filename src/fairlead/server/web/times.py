"""Where the time of a build went: the slowest jobs on one axis, each by its phases."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from fairlead.server.store.models import Attempt, Build
from fairlead.server.web.jobs import JobLine
from fairlead.server.web.words import one_line

_PHASES = ("checkout", "environment", "services", "install", "steps", "reports")
_COUNT = 12
_WIDTH = 1000


class Piece(msgspec.Struct, frozen=True):
    """A part of the axis, which is 1,000 wide."""

    phase: str
    x: int
    width: int
    title: str


class Lane(msgspec.Struct, frozen=True):
    """One attempt at a job."""

    job: JobLine
    attempt: int
    seconds: float
    pieces: tuple[Piece, ...]


class Times(msgspec.Struct, frozen=True):
    """``phases`` with the seconds that they took in all ``lanes`` together."""

    lanes: tuple[Lane, ...]
    phases: tuple[tuple[str, float], ...]


def make_times(build: Build, lines: Sequence[JobLine]) -> Times | None:
    """Of the slowest jobs; ``None`` before any ran. One query."""
    if build.started is None:
        return None
    slowest = sorted(lines, key=lambda line: -line.seconds)[:_COUNT]
    jobs = {line.id: line for line in slowest if line.seconds}
    rows = Attempt.objects.filter(job__in=jobs, finished__isnull=False).order_by("started", "id")
    columns = rows.values_list("job_id", "number", "started", "seconds", "phases")
    begin = build.started
    found = [
        (jobs[job], number, _since(begin, started), seconds, _read(phases, seconds))
        for job, number, started, seconds, phases in columns[: _COUNT * 3]
    ]
    whole = max((start + seconds for _, _, start, seconds, _ in found), default=0.0)
    if not whole:
        return None
    took: dict[str, float] = {}
    for *_, phases in found:
        for phase, seconds in phases:
            took[phase] = took.get(phase, 0.0) + seconds
    known = sorted(took, key=lambda phase: _PHASES.index(phase) if phase in _PHASES else 99)
    return Times(
        tuple(
            Lane(job, number, seconds, tuple(_pieces(start, phases, whole)))
            for job, number, start, seconds, phases in found
        ),
        tuple((phase, took[phase]) for phase in known),
    )


def _since(begin: datetime, started: datetime) -> float:
    # Each is told by the clock of another machine.
    return max(0.0, (started - begin).total_seconds())


def waited(build: Build) -> float:
    """Seconds in the queue."""
    since = max(build.created, build.due) if build.due else build.created
    return max(0.0, (build.started - since).total_seconds()) if build.started else 0.0


def _read(phases: object, seconds: float) -> list[tuple[str, float]]:
    rows = phases if isinstance(phases, list) else []
    return [(one_line(str(row[0]), 40), float(row[1])) for row in rows] or [("steps", seconds)]


def _pieces(start: float, phases: Sequence[tuple[str, float]], whole: float) -> Iterator[Piece]:
    for phase, seconds in phases:
        width = max(2, round(_WIDTH * seconds / whole))
        yield Piece(phase, round(_WIDTH * start / whole), width, f"{phase} {seconds:.2f} s")
        start += seconds
