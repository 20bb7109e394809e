"""The jobs of a build as its page shows them: few columns of many rows."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fairlead.server.store.models import Build, Job, State
from fairlead.server.web.words import one_line, plain, plural

_ORDER: dict[str, int] = {
    State.FAILED: 0,
    State.ERRORED: 1,
    State.RUNNING: 3,
    State.QUEUED: 4,
    State.HELD: 4,
    State.CANCELLED: 5,
    State.PASSED: 6,
}
_ALLOWED = 2
_COLUMNS = (
    "id", "place", "key", "name", "stage", "axes", "needs", "python", "allow_failure", "state",
    "reason", "progress", "seconds", "passed_tests", "bad_tests", "skipped_tests",
)  # fmt: skip


class JobLine(msgspec.Struct, frozen=True):
    """A job; ``place`` counts from 1, ``axes`` are without the Python version.

    ``key`` is as it is kept, all other texts as they are shown.
    """

    id: int
    place: int
    key: str
    name: str
    stage: str
    axes: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    python: str
    allowed: bool
    state: str
    reason: str
    seconds: float
    tests: str

    @property
    def bad(self) -> bool:
        """Whether it ended as nobody wants."""
        return self.state in (State.FAILED, State.ERRORED)

    @property
    def rank(self) -> int:
        """Its place among others: what needs eyes comes first."""
        return _ALLOWED if self.bad and self.allowed else _ORDER[self.state]


def read_jobs(build: Build) -> list[JobLine]:
    """All of them in the plan's order; one query."""
    rows = Job.objects.filter(build=build).order_by("place").values_list(*_COLUMNS)
    return [_line(row) for row in rows]


def ordered(lines: Sequence[JobLine]) -> list[JobLine]:
    """Failed before running before queued before passed."""
    return sorted(lines, key=lambda line: (line.rank, line.place))


def counts(lines: Sequence[JobLine]) -> list[tuple[str, int]]:
    """How many jobs are in which state, in the order in which they are shown."""
    found: dict[str, int] = {}
    for line in ordered(lines):
        found[line.state] = found.get(line.state, 0) + 1
    return list(found.items())


def _line(row: tuple[Any, ...]) -> JobLine:
    key, place, job, name, stage, axes, needs, python, allowed, state, *rest = row
    reason, progress, seconds, *tests = rest
    return JobLine(
        id=key,
        place=place + 1,
        key=job,
        name=one_line(name, 120),
        stage=one_line(stage),
        axes=tuple((plain(str(n)), plain(str(v))) for n, v, *_ in axes if n != "python"),
        needs=tuple(needs),
        python=one_line(python),
        allowed=allowed,
        state=state,
        reason=one_line(reason or progress),
        seconds=seconds,
        tests=_tests(*tests),
    )


def _tests(passed: int, bad: int, skipped: int) -> str:
    total = passed + bad + skipped
    if not total:
        return ""
    return f"{bad:,} of {plural(total, 'test')} failed" if bad else plural(total, "test")
