"""The end of a run, for people: what failed and how to see it again, each job, the verdict.

The verdict comes last because that is what stays on the screen, right above the prompt.
"""

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli.view.blocks import (
    failure_block,
    heading,
    job_failure_block,
    step_failure_block,
)
from fairlead.cli.view.clean import clean
from fairlead.cli.view.failures import (
    Failure,
    StepFailure,
    failures_of,
    job_failures,
    step_failures,
)
from fairlead.cli.view.look import Look
from fairlead.cli.view.summary import summary_lines
from fairlead.cli.view.table import table_lines
from fairlead.cli.view.verdict import verdict_lines
from fairlead.cli.view.words import plural
from fairlead.model import RunResult, Violation

StepOutput = Callable[[StepFailure], Sequence[str]]
"""Gives the last lines a failing step wrote, cleaned; nothing where they were shown already."""

_FAILURES = 10
_MORE_FAILURES = 30
_VIOLATIONS = 10


def ending(result: RunResult, look: Look, *, output: StepOutput | None = None) -> str:
    """The whole end of a run as text, for a stream of that look."""
    lines = [
        *_failure_lines(result, look),
        *_step_lines(result, look, output),
        *_violation_lines(result, look),
        *_section(look, "Jobs", table_lines(result, look)),
        *_section(look, "", summary_lines(result, look)),
        "",
        *verdict_lines(result, look),
    ]
    text = clean("\n".join(lines).strip("\n"), colour=look.colour)
    return look.plain(text) + "\n"


def _section(look: Look, title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    return ["", *([heading(title, look)] if title else []), *lines]


def _failure_lines(result: RunResult, look: Look) -> Iterator[str]:
    failures = failures_of(result)
    if not failures:
        return
    yield from ("", heading(plural(len(failures), "failing test"), look))
    for failure in failures[:_FAILURES]:
        yield from ("", *failure_block(failure, result, look))
    rest = failures[_FAILURES:]
    if rest:
        yield from ("", *(_short(failure, look) for failure in rest[:_MORE_FAILURES]))
    if len(rest) > _MORE_FAILURES:
        more = plural(len(rest) - _MORE_FAILURES, "more failing test")
        yield f"… {more}: fairlead report {result.number} --open"


def _short(failure: Failure, look: Look) -> str:
    name = failure.case.id or failure.case.key
    where = f" ({', '.join(failure.jobs)})"
    return f"{look.symbol('failed')} {look.clip(name + where, look.width - 2)}"


def _step_lines(result: RunResult, look: Look, output: StepOutput | None) -> Iterator[str]:
    steps, jobs = step_failures(result), job_failures(result)
    shown = [(failure, output(failure) if output else ()) for failure in steps]
    blocks = [step_failure_block(failure, lines, result, look) for failure, lines in shown]
    blocks += [job_failure_block(failure, result, look) for failure in jobs]
    if not blocks:
        return
    kind = "other failure" if failures_of(result) else "failure"
    yield from ("", heading(plural(len(blocks), kind), look))
    for block in blocks[:_FAILURES]:
        yield from ("", *block)
    if len(blocks) > _FAILURES:
        yield f"… {len(blocks) - _FAILURES} more: fairlead report {result.number} --open"


def _violation_lines(result: RunResult, look: Look) -> Iterator[str]:
    new = result.comparison.new_violations if result.comparison else ()
    if not new:
        return
    yield from ("", heading(plural(len(new), "new violation"), look), "")
    yield from (_violation(violation, look) for violation in new[:_VIOLATIONS])
    if len(new) > _VIOLATIONS:
        yield f"… {len(new) - _VIOLATIONS} more: fairlead report {result.number} --open"


def _violation(violation: Violation, look: Look) -> str:
    numbers = [n for n in (violation.line, violation.column) if n]
    where = ":".join([violation.path, *map(str, numbers)])
    what = f"{violation.tool} {violation.rule}".strip()
    return f"{look.style(where, 'bold')}: {violation.message} {look.style(f'({what})', 'dim')}"
