"""ruff check: JSON, JSON lines, SARIF, and what it shows people (``full`` and ``concise``).

Formats: https://docs.astral.sh/ruff/settings/#output-format
"""

import re
from collections.abc import Iterator, Sequence

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import json_in, lines_of
from fairlead.reports.violations import sarif
from fairlead.reports.violations.common import is_path, is_record, number, record, records, text

_RULE = r"(?P<rule>[A-Z]{1,8}\d{2,5}|SyntaxError|[a-z]+(?:-[a-z]+)+)"
_FIX = r"(?:\[\*\] )?"
# concise, and full before 0.13: path:line:column: RULE [*] message
_CONCISE = re.compile(
    rf"(?P<path>[^\s:][^:]*?):(?:cell \d+:)?(?P<line>\d+):(?P<column>\d+): {_RULE}:? {_FIX}"
    r"(?P<message>.+)"
)
# full since 0.13: a head, and the place below it
_HEAD = re.compile(rf"(?:{_RULE}|(?P<word>[a-z]+)):? {_FIX}(?P<message>\S.*)")
_PLACE = re.compile(r"\s*--> (?P<path>.+?):(?:cell \d+:)?(?P<line>\d+):(?P<column>\d+)(?:\s|$)")
_GRAVER = re.compile(r"E9|F63|F7|F82|invalid-syntax|SyntaxError|syntax-error|io-error")


def read(data: bytes, file: str) -> Violations:
    """What ruff said, in a log or a file of its own."""
    found = json_in(data, _is_report)
    if sarif.is_sarif(found):
        return sarif.read(data, file, tool="ruff")
    if found is not None:
        return Violations(tool="ruff", items=tuple(_from_json(found, data)))
    return Violations(tool="ruff", items=tuple(from_lines("ruff", lines_of(data))))


def from_lines(tool: str, lines: Sequence[str]) -> Iterator[Violation]:
    """The violations in ruff's output for people."""
    above = ""
    for line in lines:
        place = _PLACE.match(line)
        head = _HEAD.fullmatch(above) if place else _CONCISE.match(line)
        if head:
            rule = head["rule"] or head.groupdict().get("word", "")
            yield from _violation(tool, rule, head["message"], place or head)
        above = line


def _violation(tool: str, rule: str, message: str, place: re.Match[str]) -> Iterator[Violation]:
    if is_path(place["path"]):
        rule = "invalid-syntax" if rule == "SyntaxError" else rule
        yield Violation(
            tool=tool,
            rule=rule,
            path=place["path"],
            message=message.strip(),
            level=Level.ERROR if _GRAVER.match(rule) else Level.WARNING,
            line=number(place["line"]),
            column=number(place["column"]),
        )


def _is_report(value: object) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return sarif.is_sarif(value) or (is_record(first) and {"code", "filename"} <= first.keys())


def _from_json(first: object, data: bytes) -> Iterator[Violation]:
    if isinstance(first, list):
        yield from (_from_record(item) for item in records(first))
        return
    for line in lines_of(data):  # --output-format json-lines
        if line.startswith("{"):
            value = json_in(line.encode("utf-8", "replace"), _is_report)
            if is_record(value):
                yield _from_record(value)


def _from_record(item: object) -> Violation:
    fields = item if is_record(item) else {}
    rule = text(fields, "code") or "invalid-syntax"
    start, end = record(fields, "location"), record(fields, "end_location")
    return Violation(
        tool="ruff",
        rule=rule,
        path=text(fields, "filename"),
        message=text(fields, "message"),
        level=Level.ERROR if _GRAVER.match(rule) else Level.WARNING,
        line=number(start.get("row")),
        column=number(start.get("column")),
        end_line=number(end.get("row")),
        end_column=number(end.get("column")),
    )
