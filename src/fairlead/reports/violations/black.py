"""black ``--check`` and ``--diff``: hunks, files it would change, files it cannot read."""

import re

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.common import number
from fairlead.reports.violations.reformatting import changes, whole

_FILE = re.compile(r"would reformat (.+)")
_PLACE = r"(?P<line>\d+):(?P<column>\d+)"
_BROKEN = (
    re.compile(rf"error: cannot format (?P<path>.+?): Cannot parse[^:]*: {_PLACE}"),
    re.compile(rf"error: cannot parse: (?P<path>.+?):{_PLACE}"),
    re.compile(r"error: cannot format (?P<path>[^:]+): (?P<line>)(?P<column>)"),
)


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What black would change."""
    lines = lines_of(data)
    hunks = changes("black", lines)
    named = (found[1] for line in lines if (found := _FILE.fullmatch(line)))
    files = whole("black", named, hunks)
    broken = [_broken(match) for line in lines if (match := _cannot(line))]
    return Violations(tool="black", items=(*hunks, *files, *broken))


def _cannot(line: str) -> re.Match[str] | None:
    if not line.startswith("error: cannot "):
        return None
    return next(filter(None, (pattern.match(line) for pattern in _BROKEN)), None)


def _broken(found: re.Match[str]) -> Violation:
    return Violation(
        tool="black",
        rule="invalid-syntax",
        path=found["path"],
        message="cannot be parsed",
        level=Level.ERROR,
        line=number(found["line"]),
        column=number(found["column"]),
    )
