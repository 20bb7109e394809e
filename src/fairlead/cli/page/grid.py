"""The jobs of a run as a grid: a row for a name and its axes, a column for a Python version."""

import re

from fairlead.cli.view.failures import allowed_jobs, planned
from fairlead.cli.view.words import counts_of
from fairlead.model import Job, JobResult, Outcome, RunResult
from fairlead.model.plan import Value


class Cell(Value, frozen=True, kw_only=True):
    """One job. ``anchor`` is the id of its details in the page."""

    job: str
    outcome: str
    seconds: float | None
    counts: str
    anchor: str
    allowed: bool = False
    reused: bool = False


class Row(Value, frozen=True, kw_only=True):
    """``cells`` are one tuple a column; a job without Python stands in ``wide`` instead."""

    name: str
    axes: str
    cells: tuple[tuple[Cell, ...], ...] = ()
    wide: tuple[Cell, ...] = ()


class Grid(Value, frozen=True, kw_only=True):
    """Versions in ascending order, and the rows in the plan's order."""

    versions: tuple[str, ...]
    rows: tuple[Row, ...]


def make_grid(result: RunResult) -> Grid:
    """Place every job of a run."""
    jobs, allowed = planned(result), allowed_jobs(result)
    versions = sorted({j.python for j in jobs.values() if j.python}, key=_version)
    rows: dict[tuple[str, str], list[tuple[Job, Cell]]] = {}
    for index, job in enumerate(result.jobs):
        plan = jobs.get(job.job) or Job(id=job.job, name=job.job)
        cell = _cell(job, f"job-{index + 1}", allowed=job.job in allowed)
        rows.setdefault((plan.name, _axes(plan)), []).append((plan, cell))
    return Grid(
        versions=tuple(versions),
        rows=tuple(_row(name, axes, cells, versions) for (name, axes), cells in rows.items()),
    )


def _row(name: str, axes: str, cells: list[tuple[Job, Cell]], versions: list[str]) -> Row:
    wide = tuple(cell for job, cell in cells if not job.python)
    placed = tuple(
        tuple(cell for job, cell in cells if job.python == version) for version in versions
    )
    narrow = placed if any(placed) else ()
    return Row(name=name, axes=axes, cells=narrow, wide=wide)


def _cell(job: JobResult, anchor: str, *, allowed: bool) -> Cell:
    steps = job.attempts[-1].steps if job.attempts else ()
    return Cell(
        job=job.job,
        outcome=str(job.outcome),
        seconds=job.seconds if job.attempts else None,
        counts=counts_of(job.report.tests).split(",")[0],
        anchor=anchor,
        allowed=allowed and job.outcome is not Outcome.PASSED,
        reused=bool(steps) and all(step.reused for step in steps),
    )


def _axes(job: Job) -> str:
    return ", ".join(f"{name} {value}" for name, value in job.axes if name != "python")


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """``3.9`` before ``3.11``, ``pypy3.10`` after both."""
    parts = re.findall(r"\d+|[^\d.]+", text)
    return tuple((int(p), "") if p.isdecimal() else (1 << 20, p) for p in parts)
