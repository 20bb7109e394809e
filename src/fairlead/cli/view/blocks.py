"""One failure in full: what, where, its output cut sensibly, and the command that shows it again.

All text that comes from a project passes through ``clean`` here.
"""

from collections.abc import Sequence

from fairlead.cli.view.clean import clean, one_line, shorten
from fairlead.cli.view.failures import Failure, JobFailure, StepFailure, planned
from fairlead.cli.view.look import Look
from fairlead.cli.view.reproduce import reproduce
from fairlead.cli.view.words import duration, listing
from fairlead.model import RunResult, TestCase

LINES = 40
_HEAD = 8
_LONGEST_LINE = 500


def heading(title: str, look: Look) -> str:
    """A title with a rule up to the stream's width."""
    rule = "─" * max(min(look.width, 80) - len(title) - 1, 3)
    return f"{look.style(title, 'bold')} {look.style(rule, 'dim')}"


def cut(lines: Sequence[str], limit: int, more: str) -> list[str]:
    """At most ``limit`` lines: the first few and the end, where the reason mostly stands."""
    if len(lines) <= limit:
        return list(lines)
    head = min(_HEAD, limit // 4)
    left_out = len(lines) - limit
    note = f"… {left_out:,} {'line' if left_out == 1 else 'lines'} more: {more}"
    return [*lines[:head], note, *lines[len(lines) - (limit - head) :]]


def text_lines(text: str) -> list[str]:
    """The cleaned lines of a text, without empty ones around."""
    if not text.strip():
        return []
    return [shorten(line, _LONGEST_LINE).rstrip() for line in clean(text).strip("\n").split("\n")]


def failure_block(
    failure: Failure, result: RunResult, look: Look, *, lines: int = LINES
) -> list[str]:
    """A failing test: its name and jobs, its message and details, how to run it again."""
    case, jobs = failure.case, planned(result)
    notes = [note for note, holds in (("new", failure.new), ("allowed", failure.allowed)) if holds]
    word = look.style(f" ({', '.join(notes)})", "bold") if notes else ""
    more = f"fairlead show {result.number} --job {failure.jobs[0]}"
    again = [reproduce(jobs[job], case) for job in failure.jobs if job in jobs]
    return [
        f"{look.symbol('failed')} {look.style(one_line(case.id or case.key), 'bad')}{word}",
        f"  in {listing(failure.jobs)}{look.style(_place(case), 'dim')}",
        *_indented(cut(_words_of(case), lines, more)),
        *_captured(case, look, more, max(lines // 3, 10)),
        *_command(again, look),
    ]


def _place(case: TestCase) -> str:
    if not case.file:
        return ""
    return f", {case.file}:{case.line}" if case.line else f", {case.file}"


def _words_of(case: TestCase) -> list[str]:
    """The details, led by the message where they do not hold it."""
    details, message = text_lines(case.details), text_lines(case.message)
    if message and not any(message[0] in line for line in details):
        return [*message, *([""] if details else []), *details]
    return details


def _captured(case: TestCase, look: Look, more: str, limit: int) -> list[str]:
    lines = text_lines(case.output)
    if not lines or case.output.strip() in case.details:
        return []
    title = look.style("  captured output:", "dim")
    return [title, *_indented(cut(lines, limit, more), 4)]


def step_failure_block(
    failure: StepFailure, output: Sequence[str], result: RunResult, look: Look
) -> list[str]:
    """A failing step: how it ended, the end of what it wrote, how to run its job again."""
    step, job = failure.step, failure.job
    how = step.reason or (f"exit code {step.code}" if step.code is not None else "")
    ended = f"{step.outcome} after {duration(step.seconds)}" + (f": {how}" if how else "")
    more = f"fairlead show {result.number} --job {job.job} --log"
    title = look.style(f"{job.job}: {one_line(step.name)}", "bad")
    allowed = look.style(" (allowed)", "bold") if failure.allowed else ""
    return [
        f"{look.symbol(step.outcome)} {title}{allowed}",
        f"  {shorten(clean(ended))}",
        *_indented(cut(output, LINES, more)),
        *_command(_again(job.job, result), look),
    ]


def job_failure_block(failure: JobFailure, result: RunResult, look: Look) -> list[str]:
    """A job that could not do its work, or missed a gate: the whole reason."""
    job = failure.job
    more = f"fairlead show {result.number} --job {job.job}"
    allowed = look.style(" (allowed)", "bold") if failure.allowed else ""
    return [
        f"{look.symbol(job.outcome)} {look.style(job.job, 'bad')} {job.outcome}{allowed}",
        *_indented(cut(text_lines(job.reason), LINES, more), 2),
        *_command(_again(job.job, result), look),
    ]


def _again(job: str, result: RunResult) -> list[str]:
    found = planned(result).get(job)
    return [reproduce(found)] if found else []


def _indented(lines: Sequence[str], by: int = 2) -> list[str]:
    return [f"{' ' * by}{line}".rstrip() for line in lines]


def _command(commands: Sequence[str], look: Look) -> list[str]:
    return [f"  {look.style(f'$ {commands[0]}', 'cyan')}"] if commands else []
