"""``ruff format --check`` and ``--diff``."""

import re

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.common import number
from fairlead.reports.violations.reformatting import changes, whole
from fairlead.reports.violations.ruff import from_lines

_TOOL = "ruff-format"
_FILE = re.compile(r"Would reformat: (.+)")
_BROKEN = re.compile(r"error: Failed to parse (?P<path>.+?):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)")  # fmt: skip  # noqa: E501


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What ruff's formatter would change."""
    lines = lines_of(data)
    shown = list(from_lines(_TOOL, lines))  # newer versions show files as they show violations
    broken = [item for item in shown if item.rule != "unformatted"]
    broken += [_broken(found) for line in lines if (found := _BROKEN.match(line))]
    hunks = changes(_TOOL, lines)
    named = [found[1] for line in lines if (found := _FILE.fullmatch(line))]
    named += [item.path for item in shown if item.rule == "unformatted"]
    return Violations(tool=_TOOL, items=(*hunks, *whole(_TOOL, iter(named), hunks), *broken))


def _broken(found: re.Match[str]) -> Violation:
    return Violation(
        tool=_TOOL,
        rule="invalid-syntax",
        path=found["path"],
        message=found["message"],
        level=Level.ERROR,
        line=number(found["line"]),
        column=number(found["column"]),
    )
