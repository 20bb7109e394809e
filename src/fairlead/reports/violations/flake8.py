"""flake8: its default lines, its ``pylint`` format, and the JSON of flake8-json."""

import re

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import json_in, lines_of
from fairlead.reports.violations.common import coded, is_record, number, records, text

# path:line:column: CODE message, or path:line: [CODE] message
LINE = re.compile(
    r"(?P<path>[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):)?"
    r" \[?(?P<rule>[A-Z]{1,8}\d{1,5})\]? (?P<message>.+)"
)
# Syntax errors, undefined names and tests that are always true: what flake8's own
# documentation calls the stoppers of a build.
GRAVER = re.compile(r"E9|F63|F7|F82")


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What flake8 said, in a log or a file of its own."""
    found = json_in(data, _is_report)
    if is_record(found):
        items = [_violation(path, item) for path in found for item in records(found[path])]
        return Violations(tool="flake8", items=tuple(items))
    return Violations(tool="flake8", items=tuple(coded("flake8", lines_of(data), LINE, GRAVER)))


def _is_report(value: object) -> bool:
    return is_record(value) and any(
        "line_number" in item for items in value.values() for item in records(items)
    )


def _violation(path: str, item: object) -> Violation:
    fields = item if is_record(item) else {}
    rule = text(fields, "code")
    return Violation(
        tool="flake8",
        rule=rule,
        path=text(fields, "filename") or path,
        message=text(fields, "text"),
        level=Level.ERROR if GRAVER.match(rule) else Level.WARNING,
        line=number(fields.get("line_number")),
        column=number(fields.get("column_number")),
    )
