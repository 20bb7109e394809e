"""A line a job: symbol, name, how it ended, how long it took, and what must be said of it."""

import textwrap

from fairlead.cli.view.clean import one_line
from fairlead.cli.view.failures import allowed_jobs
from fairlead.cli.view.look import Look, cells
from fairlead.cli.view.words import counts_of, duration, plural
from fairlead.model import JobResult, Outcome, RunResult

_MANY = 20
_LONGEST_NAME = 32


def table_lines(result: RunResult, look: Look) -> list[str]:
    """All jobs of a run, in the plan's order; of many only those with something to say."""
    allowed = allowed_jobs(result)
    shown, dull = list(result.jobs), []
    if len(shown) > _MANY:
        dull = [job for job in result.jobs if job.outcome is Outcome.PASSED and not _notes(job)]
        shown = [job for job in result.jobs if job not in dull]
    names = [job.job for job in shown] + [skipped.job for skipped in result.skipped]
    width = min(max(map(cells, names), default=0), _LONGEST_NAME, max(look.width - 36, 12))
    lines = [_job(job, width, look, allowed=job.job in allowed) for job in shown]
    lines += [
        _row("skipped", skipped.job, f"{'':8}  {one_line(skipped.reason)}", width=width, look=look)
        for skipped in result.skipped
    ]
    return [*_together(dull, look), *lines]


def _job(job: JobResult, width: int, look: Look, *, allowed: bool) -> str:
    bad = job.outcome is not Outcome.PASSED
    counts = counts_of(job.report.tests)
    reason = one_line(job.reason) if not job.report.tests.bad else ""
    permit = "allowed to fail" if allowed and bad else ""
    words = ", ".join(part for part in (permit, counts, *_notes(job), reason) if part)
    shown = "allowed" if allowed and bad else str(job.outcome)
    return _row(shown, job.job, f"{_time(job):>8}  {words}", width=width, look=look)


def _row(state: str, name: str, words: str, *, width: int, look: Look) -> str:
    word = "failed" if state == "allowed" else state
    shown = look.clip(one_line(name), width)
    padded = shown + " " * (width - cells(shown))
    room = max(look.width - width - 14, 20)
    status = look.style(f"{word:<9}", state)
    return f"{look.symbol(state)} {padded}  {status} {look.clip(words, room)}".rstrip()


def _time(job: JobResult) -> str:
    return duration(job.seconds) if job.attempts else ""


def _notes(job: JobResult) -> list[str]:
    """What is not to be overlooked: attempts, reuse, no isolation."""
    steps = job.attempts[-1].steps if job.attempts else ()
    reused = sum(step.reused for step in steps)
    notes = []
    if reused:
        notes.append("reused" if reused == len(steps) else f"{reused} of {len(steps)} steps reused")
    tries = max((step.attempt for step in steps), default=1)
    if tries > 1:
        notes.append(f"a step at its {_ordinal(tries)} attempt")
    if len(job.attempts) > 1:
        notes.append(f"{_ordinal(len(job.attempts))} attempt")
    if not job.isolated:
        notes.append("not isolated")
    return notes


def _ordinal(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _together(jobs: list[JobResult], look: Look) -> list[str]:
    if not jobs:
        return []
    tests = sum(len(job.report.tests.cases) for job in jobs)
    counts = f", {plural(tests, 'test')}" if tests else ""
    names = ", ".join(job.job for job in jobs)
    wrapped = textwrap.wrap(names, look.width - 2, break_on_hyphens=False, break_long_words=False)
    kept = [*wrapped[:3], "…"] if len(wrapped) > 4 else wrapped  # noqa: PLR2004
    first = f"{look.symbol('passed')} {plural(len(jobs), 'job')} passed{counts}"
    return [first, *(look.style(f"  {line}", "dim") for line in kept)]
