"""The runs of the project around the current folder, found by what a person types."""

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.errors import UsageError

if TYPE_CHECKING:
    from fairlead.cli.view.failures import StepFailure
    from fairlead.model import JobResult, RunResult
    from fairlead.runner.history import History

_TAIL = 64 << 10
_LAST = re.compile(r"last(?:-(\d+))?")


def find_root(path: Path) -> Path:
    """The root of the project that ``path`` lies in."""
    from fairlead.runner.checkout.repository import find_repository, project_root

    repository = find_repository(path)
    if repository and repository.top is None:
        return repository.folder
    return project_root(path, repository)


def open_history() -> "History":
    """The history of the project around the current folder."""
    from fairlead.runner.history import History

    return History(find_root(Path.cwd()))


def find_run(history: "History", wanted: str | None) -> "RunResult":
    """The run that ``12``, ``last`` or ``last-2`` names; the newest without a name.

    Raises ``UsageError`` where there is no such run.
    """
    numbers = history.numbers()
    if not numbers:
        raise UsageError("this project has no finished run yet", hint="start one: fairlead run")
    return history.load(_number(wanted or "last", numbers))


def _number(wanted: str, numbers: Sequence[int]) -> int:
    if back := _LAST.fullmatch(wanted):
        steps = int(back[1] or 0)
        if steps >= len(numbers):
            from fairlead.reports.words import plural

            raise UsageError(f"no {wanted}: {plural(len(numbers), 'finished run')} in all")
        return numbers[-1 - steps]
    digits = wanted.removeprefix("#")
    if digits.isascii() and digits.isdecimal():
        return int(digits)
    shown = ", ".join(map(str, numbers[-10:]))
    raise UsageError(f"there is no run {wanted!r}", hint=f"runs: {shown}, or last, last-1, …")


def find_jobs(result: "RunResult", wanted: str) -> tuple["JobResult", ...]:
    """The job with that id, or all jobs of that name. Raises ``UsageError`` where none is."""
    exact = tuple(job for job in result.jobs if job.job == wanted)
    if exact:
        return exact
    named = {job.id for job in result.plan.jobs if job.name == wanted}
    found = tuple(job for job in result.jobs if job.job in named)
    if found:
        return found
    for skipped in result.skipped:
        if skipped.job == wanted:
            raise UsageError(f"job {wanted} did not run: {skipped.reason}")
    known = [job.job for job in result.jobs]
    close = difflib.get_close_matches(wanted, [*known, *(j.name for j in result.plan.jobs)], n=1)
    hint = f"did you mean {close[0]}?" if close else f"jobs of that run: {', '.join(known)}"
    raise UsageError(f"there is no job {wanted!r} in run {result.number}", hint=hint)


def find_job(result: "RunResult", wanted: str | None) -> "JobResult":
    """The one job meant; a run with a single job needs no name."""
    jobs = find_jobs(result, wanted) if wanted else result.jobs
    if len(jobs) == 1:
        return jobs[0]
    asked = f"{wanted!r} names {len(jobs)} jobs" if wanted else f"the run has {len(jobs)} jobs"
    known = ", ".join(job.job for job in jobs)
    raise UsageError(asked, hint=f"say which with --job: {known}" if known else "none of them ran")


def log_reader(history: "History", result: "RunResult") -> "Callable[[StepFailure], bytes]":
    """Reads the end of what a failing step wrote, up to 64 KiB, from its attempt's log."""
    folder = history.folder(result.number)

    def read(failure: "StepFailure") -> bytes:
        step = failure.step
        length = min(step.length, _TAIL)
        if not failure.attempt.log or not length:
            return b""
        try:
            with (folder / failure.attempt.log).open("rb") as log:
                log.seek(step.offset + step.length - length)
                return log.read(length)
        except OSError:
            return b""

    return read
