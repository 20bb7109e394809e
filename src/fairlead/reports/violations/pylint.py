"""pylint: JSON, JSON 2 (which has the score) and text, also of versions for Python 2.

Formats: https://pylint.readthedocs.io/en/stable/user_guide/usage/output.html
A message ends with its symbol, as pylint's text has it: ``Unused import os (unused-import)``.
"""

import re
from collections.abc import Iterator, Sequence

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import json_in, lines_of
from fairlead.reports.violations.common import is_record, number, past, record, records, text

_TEXT = re.compile(
    r"(?P<path>[^\s:*][^:]*):(?P<line>\d+):(?P<column>\d+): (?P<rule>[A-Z]\d{4}): (?P<message>.+)"
)
_PARSEABLE = re.compile(
    r"(?P<path>[^\s:*][^:]*):(?P<line>\d+): \[(?P<rule>[A-Z]\d{4})\((?P<symbol>[\w-]+)\),[^\]]*\]"
    r" (?P<message>.+)"
)
# Version 1, for Python 2, names only the module, in a line above.
_OLD = re.compile(r"(?P<rule>[CRWEFI]): *(?P<line>\d+), *(?P<column>\d+): (?P<message>.+)")
_MODULE = re.compile(r"\*{5,} Module (\S+)")
_SYMBOL = re.compile(r"\(([a-z0-9-]+)\)\s*$")
_SCORE = re.compile(r"Your code has been rated at (-?\d+(?:\.\d+)?)/10")
_LEVELS = {"E": Level.ERROR, "F": Level.ERROR, "I": Level.NOTE}
# Messages that go over several lines in text: their symbol is not on the first one.
_LONG = {"R0801": "duplicate-code", "R0401": "cyclic-import"}


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What pylint said, and the score of its last run."""
    found = json_in(data, _is_report)
    if found is None:
        lines = lines_of(data)
        return Violations(tool="pylint", items=tuple(_from_text(lines)), score=_score(lines))
    messages = found.get("messages") if is_record(found) else found
    statistics = record(found, "statistics") if is_record(found) else {}
    score = statistics.get("score")
    known = isinstance(score, int | float) and not isinstance(score, bool)
    return Violations(
        tool="pylint",
        items=tuple(_from_record(item) for item in records(messages)),
        score=float(score) if known and isinstance(score, int | float) else _score(lines_of(data)),
    )


def _score(lines: Sequence[str]) -> float | None:
    scores = (_SCORE.search(line) for line in reversed(lines) if line.startswith("Your code"))
    found = next(filter(None, scores), None)
    return float(found[1]) if found else None


def _from_text(lines: Sequence[str]) -> Iterator[Violation]:
    module = ""
    for line in lines:
        if named := _MODULE.match(line):
            module = named[1].replace(".", "/") + ".py"
        elif found := _TEXT.match(line):
            yield _from_match(found, found["path"], found["message"], past(found["column"]))
        elif found := _PARSEABLE.match(line):
            message = f"{found['message'].strip()} ({found['symbol']})"
            yield _from_match(found, found["path"], message, 0)
        elif module and (found := _OLD.match(line)):
            yield _from_match(found, module, found["message"], past(found["column"]))


def _from_match(found: re.Match[str], path: str, message: str, column: int) -> Violation:
    rule = found["rule"]
    symbol = _SYMBOL.search(message)
    if symbol is None and rule in _LONG:
        message = f"{message.strip()} ({_LONG[rule]})"
    return Violation(
        tool="pylint",
        rule=symbol[1] if symbol and len(rule) == 1 else rule,
        path=path,
        message=message.strip(),
        level=_LEVELS.get(rule[0], Level.WARNING),
        line=number(found["line"]),
        column=column,
    )


def _is_report(value: object) -> bool:
    if is_record(value):
        return isinstance(value.get("messages"), list)
    return isinstance(value, list) and (not value or (is_record(value[0]) and "symbol" in value[0]))


def _from_record(item: object) -> Violation:
    fields = item if is_record(item) else {}
    rule = text(fields, "messageId") or text(fields, "message-id") or text(fields, "symbol")
    message = text(fields, "message").partition("\n")[0].strip()
    if symbol := text(fields, "symbol"):
        message = f"{message} ({symbol})"
    return Violation(
        tool="pylint",
        rule=rule,
        path=text(fields, "path"),
        message=message,
        level=_LEVELS.get(rule[:1], Level.WARNING),
        line=number(fields.get("line")),
        column=past(fields.get("column")),
        end_line=number(fields.get("endLine")),
        end_column=past(fields.get("endColumn")),
    )
