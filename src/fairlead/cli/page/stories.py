"""What failed, each thing as a story: what, where, what was written, how to see it again."""

from collections.abc import Callable

from markupsafe import Markup

from fairlead.cli.page.output import output_html
from fairlead.cli.view.clean import clean, one_line, shorten
from fairlead.cli.view.failures import (
    Failure,
    JobFailure,
    StepFailure,
    failures_of,
    job_failures,
    planned,
    step_failures,
)
from fairlead.cli.view.reproduce import reproduce
from fairlead.cli.view.words import duration, listing
from fairlead.model import RunResult
from fairlead.model.plan import Value

ReadLog = Callable[[StepFailure], bytes]
"""Gives the end of what a failing step wrote."""

_DETAILED = 60
_NAMED = 500
_NONE = Markup()


class Story(Value, frozen=True, kw_only=True):
    """A failure in full; ``details`` and ``output`` are HTML."""

    title: str
    outcome: str
    jobs: str
    place: str
    message: str
    command: str
    new: bool = False
    allowed: bool = False
    details: Markup = _NONE
    output: Markup = _NONE


def stories(result: RunResult, read_log: ReadLog) -> tuple[list[Story], list[str]]:
    """The failures in full, and the names of those for which there is no room."""
    tests = failures_of(result)
    others: list[Story] = [
        _step(one, result, read_log) for one in step_failures(result)[:_DETAILED]
    ]
    others += [_job(one, result) for one in job_failures(result)[:_DETAILED]]
    rest = [f"{f.case.id or f.case.key} ({listing(f.jobs)})" for f in tests[_DETAILED:]]
    left_out = len(rest) - _NAMED
    names = [one_line(name) for name in rest[:_NAMED]]
    if left_out > 0:
        names.append(f"… and {left_out:,} more")
    return [*(_test(one, result) for one in tests[:_DETAILED]), *others], names


def _test(failure: Failure, result: RunResult) -> Story:
    case, jobs = failure.case, planned(result)
    again = [reproduce(jobs[job], case) for job in failure.jobs if job in jobs]
    message = clean(case.message).strip()
    return Story(
        title=one_line(case.id or case.key),
        outcome=str(case.outcome),
        jobs=listing(failure.jobs, 8),
        place=f"{case.file}:{case.line}" if case.line else case.file,
        message=shorten(message, 600),
        command=again[0] if again else "",
        new=failure.new,
        allowed=failure.allowed,
        details=output_html(case.details) if case.details.strip() else _NONE,
        output=output_html(case.output, lines=40) if case.output.strip() else _NONE,
    )


def _step(failure: StepFailure, result: RunResult, read_log: ReadLog) -> Story:
    step, found = failure.step, planned(result).get(failure.job.job)
    how = step.reason or (f"exit code {step.code}" if step.code is not None else "")
    written = read_log(failure).decode("utf-8", "replace")
    return Story(
        title=one_line(step.name),
        outcome=str(step.outcome),
        jobs=failure.job.job,
        place="",
        message=clean(
            f"{step.outcome} after {duration(step.seconds)}" + (f": {how}" if how else "")
        ),
        command=reproduce(found) if found else "",
        allowed=failure.allowed,
        details=output_html(written, lines=80) if written.strip() else _NONE,
    )


def _job(failure: JobFailure, result: RunResult) -> Story:
    job, found = failure.job, planned(result).get(failure.job.job)
    first, *rest = clean(job.reason).strip("\n").split("\n")
    return Story(
        title=one_line(job.job),
        outcome=str(job.outcome),
        jobs=job.job,
        place="",
        message=shorten(first, 600),
        command=reproduce(found) if found else "",
        allowed=failure.allowed,
        details=output_html("\n".join(rest)) if rest else _NONE,
    )
