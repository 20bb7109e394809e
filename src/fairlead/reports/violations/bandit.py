"""bandit: JSON, SARIF, and what it shows on the screen.

Formats: https://bandit.readthedocs.io/en/latest/formatters/index.html
"""

import re
from collections.abc import Iterator, Sequence

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import json_in, lines_of
from fairlead.reports.violations import sarif
from fairlead.reports.violations.common import is_record, number, past, records, text

_ISSUE = re.compile(r">> Issue: \[(?P<rule>[^\]:]+)(?::[^\]]*)?\] (?P<message>.+)")
_SEVERITY = re.compile(r"\s+Severity: (\w+)")
_PLACE = re.compile(r"\s+Location: (?P<path>.+?):(?P<line>\d+)(?::(?P<column>\d+))?")


def read(data: bytes, file: str) -> Violations:
    """What bandit said, in a log or a file of its own."""
    found = json_in(data, _is_report)
    if sarif.is_sarif(found):
        return sarif.read(data, file, tool="bandit")
    if is_record(found):
        items = tuple(_from_record(item) for item in records(found["results"]))
        return Violations(tool="bandit", items=items)
    return Violations(tool="bandit", items=tuple(_from_text(lines_of(data))))


def _is_report(value: object) -> bool:
    return sarif.is_sarif(value) or (
        is_record(value) and isinstance(value.get("results"), list) and "errors" in value
    )


def _from_text(lines: Sequence[str]) -> Iterator[Violation]:
    issue: re.Match[str] | None = None
    severity = ""
    for line in lines:
        if found := _ISSUE.match(line):
            issue, severity = found, ""
        elif found := _SEVERITY.match(line):
            severity = found[1]
        elif issue and (found := _PLACE.fullmatch(line)):
            yield Violation(
                tool="bandit",
                rule=issue["rule"],
                path=found["path"],
                message=issue["message"].strip(),
                level=_level(severity),
                line=number(found["line"]),
                column=past(found["column"]),
            )
            issue = None


def _from_record(item: object) -> Violation:
    fields = item if is_record(item) else {}
    return Violation(
        tool="bandit",
        rule=text(fields, "test_id"),
        path=text(fields, "filename"),
        message=text(fields, "issue_text"),
        level=_level(text(fields, "issue_severity")),
        line=number(fields.get("line_number")),
        column=past(fields.get("col_offset")),
    )


def _level(severity: str) -> Level:
    return Level.ERROR if severity.upper() == "HIGH" else Level.WARNING
