"""mypy: ``--output json``, and its text with or without columns, ends, codes and ``--pretty``.

Notes that explain an error are part of its message; the others stand alone as notes.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import json_in, lines_of
from fairlead.reports.violations.common import is_path, is_record, number, past, text

_LINE = re.compile(
    r"(?P<path>[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):)?"
    r"(?:(?P<end_line>\d+):(?P<end_column>\d+):)?"
    r" (?P<level>error|warning|note): (?P<message>.*?)(?:  \[(?P<rule>[a-z][a-z0-9-]*)\])?"
)
_TAIL = re.compile(r"(?P<more>.*?) ?\[(?P<rule>[a-z][a-z0-9-]*)\]")
_WRAPPED = 4  # lines over which --pretty may spread a message
_LEVELS = {"error": Level.ERROR, "warning": Level.WARNING, "note": Level.NOTE}


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What mypy said, in a log or a file of its own."""
    lines = lines_of(data)
    items = tuple(_from_json(lines)) or tuple(_joined(_from_text(lines)))
    return Violations(tool="mypy", items=items)


def _from_json(lines: Sequence[str]) -> Iterator[Violation]:
    for line in lines:
        if line.startswith('{"file"'):
            value = json_in(line.encode("utf-8", "replace"), is_record)
            if is_record(value):
                yield Violation(
                    tool="mypy",
                    rule=text(value, "code"),
                    path=text(value, "file"),
                    message="\n".join(filter(None, (text(value, "message"), text(value, "hint")))),
                    level=_LEVELS.get(text(value, "severity"), Level.ERROR),
                    line=number(value.get("line")),
                    column=past(value.get("column")),
                    end_line=number(value.get("end_line")),
                    end_column=past(value.get("end_column")),
                )


def _from_text(lines: Sequence[str]) -> Iterator[Violation]:
    for place, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        if not found or not is_path(found["path"]):
            continue
        message, rule = found["message"].strip(), found["rule"] or ""
        if not rule:
            more, rule = _unwrapped(lines[place + 1 : place + 1 + _WRAPPED])
            message = f"{message} {more}".strip()
        yield Violation(
            tool="mypy",
            rule=rule,
            path=found["path"],
            message=message,
            level=_LEVELS[found["level"]],
            line=number(found["line"]),
            column=number(found["column"]),
            end_line=number(found["end_line"]),
            end_column=past(found["end_column"]),
        )


def _unwrapped(lines: Sequence[str]) -> tuple[str, str]:
    """The rest of a message that ``--pretty`` wrapped, and its code; both empty for none."""
    words: list[str] = []
    for line in lines:
        if not line or line[0] == " " or _LINE.fullmatch(line):
            break
        if tail := _TAIL.fullmatch(line):
            return " ".join([*words, tail["more"]]).strip(), tail["rule"]
        words.append(line.strip())
    return "", ""


def _joined(items: Iterator[Violation]) -> Iterator[Violation]:
    """The violations, with notes on an error's own line as further lines of its message."""
    last: Violation | None = None
    for item in items:
        explains = (
            item.level is Level.NOTE
            and last
            and (item.path, item.line)
            == (
                last.path,
                last.line,
            )
        )
        if explains and last:
            last = msgspec.structs.replace(last, message=f"{last.message}\n{item.message}")
            continue
        if last:
            yield last
        last = item
    if last:
        yield last
