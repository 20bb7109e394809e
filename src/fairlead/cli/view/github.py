"""Workflow commands of GitHub Actions: groups, and annotations beside the source.

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

import secrets
from collections.abc import Iterator, Sequence

from fairlead.cli.view.clean import clean, one_line
from fairlead.cli.view.failures import Failure, failures_of
from fairlead.cli.view.words import listing
from fairlead.model import Level, RunResult, Violation

_SHOWN = 10
"""GitHub keeps ten annotations of each level a step."""
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


class GitHubFolding:
    """Groups and annotations. What a project wrote cannot give commands of its own."""

    def fold(self, title: str, lines: Sequence[str]) -> list[str]:
        """A group."""
        return [f"::group::{title}", *self.guard(lines), "::endgroup::"]

    def guard(self, lines: Sequence[str]) -> list[str]:
        """Lines between a stop of all commands and a resumption that nobody can guess."""
        if not any(line.lstrip().startswith(("::", "##[")) for line in lines):
            return list(lines)
        word = secrets.token_hex(16)
        return [f"::stop-commands::{word}", *lines, f"::{word}::"]

    def annotations(self, result: RunResult) -> list[str]:
        """An error a failing test, and each new violation (all of them without a comparison)."""
        failures = [_failure(failure) for failure in failures_of(result)[:_SHOWN]]
        return [*failures, *_violations(result)]


def _failure(failure: Failure) -> str:
    case = failure.case
    title = f"{case.id or case.key} ({listing(failure.jobs)})"
    message = clean(case.message or case.details).strip() or "failed"
    level = "warning" if failure.allowed else "error"
    return command(level, message, file=case.file, line=case.line, title=one_line(title))


def _violations(result: RunResult) -> Iterator[str]:
    if result.comparison:
        found: Sequence[Violation] = result.comparison.new_violations
    else:
        found = [item for group in result.report.violations for item in group.items]
    room = dict.fromkeys(Level, _SHOWN)
    for violation in found:
        room[violation.level] -= 1
        if room[violation.level] >= 0:
            yield command(
                _COMMANDS[violation.level],
                clean(violation.message),
                file=violation.path,
                line=violation.line,
                col=violation.column,
                title=f"{violation.tool} {violation.rule}".strip(),
            )


def command(name: str, message: str, **properties: str | int) -> str:
    """``::name file=…,line=…::message``, escaped; empty and zero properties are left out."""
    given = [f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items() if value]
    return f"::{name}{' ' if given else ''}{','.join(given)}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
