"""One job of a run in full, for `fairlead show RUN --job JOB`."""

from collections.abc import Iterator

from msgspec.structs import replace

from fairlead.cli.view.blocks import failure_block, heading, step_failure_block
from fairlead.cli.view.clean import clean, one_line
from fairlead.cli.view.ending import StepOutput
from fairlead.cli.view.failures import failures_of, planned, step_failures
from fairlead.cli.view.look import Look
from fairlead.cli.view.reproduce import reproduce
from fairlead.cli.view.words import counts_of, duration, listing
from fairlead.model import Attempt, JobResult, RunResult, StepResult

_LINES = 2000


def job_text(result: RunResult, job: JobResult, look: Look, *, output: StepOutput) -> str:
    """The job's end, attempts, steps and failures, and the commands for more."""
    lines = [
        _head(job, look),
        *_facts(job),
        *(line for n, attempt in enumerate(job.attempts, 1) for line in _attempt(n, attempt, look)),
        *_failures(replace(result, jobs=(job,)), look, output),
        "",
        *_commands(result, job, look),
    ]
    return look.plain(clean("\n".join(lines), colour=look.colour)) + "\n"


def _head(job: JobResult, look: Look) -> str:
    took = f" after {duration(job.seconds)}" if job.attempts else ""
    counts = counts_of(job.report.tests)
    words = f"{job.outcome}{took}{f', {counts}' if counts else ''}"
    return f"{look.symbol(job.outcome)} {look.style(job.job, 'bold')} {words}"


def _facts(job: JobResult) -> Iterator[str]:
    if job.reason:
        yield from (f"  {line}" for line in clean(job.reason).strip("\n").split("\n"))
    if job.interpreter:
        yield f"  Python {job.interpreter}, environment {job.environment or 'none'}"
    if not job.isolated:
        yield "  not isolated"
    if job.artifacts:
        yield f"  artifacts: {listing(job.artifacts, 10)}"


def _attempt(number: int, attempt: Attempt, look: Look) -> Iterator[str]:
    phases = ", ".join(f"{phase.phase} {duration(phase.seconds)}" for phase in attempt.phases)
    yield ""
    yield heading(f"Attempt {number}: {attempt.outcome}", look)
    if attempt.reason:
        yield f"  {one_line(attempt.reason)}"
    if phases:
        yield look.style(f"  {phases}", "dim")
    yield from (_step(step, look) for step in attempt.steps)


def _step(step: StepResult, look: Look) -> str:
    how = step.reason or (f"exit code {step.code}" if step.code else "")
    time = "reused" if step.reused else duration(step.seconds)
    words = ", ".join(part for part in (time, one_line(how)) if part)
    return f"{look.symbol(step.outcome)} {one_line(step.name)}: {words}"


def _failures(result: RunResult, look: Look, output: StepOutput) -> Iterator[str]:
    blocks = [failure_block(one, result, look, lines=_LINES) for one in failures_of(result)]
    blocks += [step_failure_block(one, output(one), result, look) for one in step_failures(result)]
    if blocks:
        yield ""
        yield heading("Failures", look)
    for block in blocks:
        yield ""
        yield from block


def _commands(result: RunResult, job: JobResult, look: Look) -> Iterator[str]:
    plan = planned(result).get(job.job)
    if plan:
        yield look.style(f"  run it again: {reproduce(plan)}", "dim")
    if job.attempts and job.attempts[-1].log:
        yield look.style(
            f"  whole log:    fairlead show {result.number} --job {job.job} --log", "dim"
        )
