"""What the readers of linters' output share: fields of unknown JSON, and lines of a log."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from fairlead.model import Level, Violation

_MOST = 9  # digits of a number that can be a line
_NOT_A_PATH = re.compile(r"[\d.\-\s\[(/T]*")  # "[2026-01-31 12" before a clock's 30:45


def is_record(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def records(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of a JSON list; nothing for any other value."""
    if isinstance(value, list):
        yield from (item for item in value if is_record(item))


def record(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object that is a field of another, empty where there is none."""
    inner = value.get(name)
    return inner if is_record(inner) else {}


def text(value: Mapping[str, object], name: str) -> str:
    """A field that should be text, empty where it is not."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def number(value: object) -> int:
    """A line or column from JSON or text; 0 for what is none."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) <= _MOST else 0
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 < value < 10**_MOST else 0


def past(value: object) -> int:
    """A column counted from 1, of one that counts from 0; 0 where it is not known."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) <= _MOST else -1
    known = isinstance(value, int) and not isinstance(value, bool)
    return value + 1 if known and isinstance(value, int) and 0 <= value < 10**_MOST else 0


def is_path(name: str) -> bool:
    """Whether what stands before ``:12:`` in a line can be a file's name."""
    return not _NOT_A_PATH.fullmatch(name)


def coded(
    tool: str, lines: Iterable[str], pattern: re.Pattern[str], graver: re.Pattern[str]
) -> Iterator[Violation]:
    """Violations of lines that match ``pattern``: path, line, column, rule and message.

    Rules that match ``graver`` are errors, all others warnings.
    """
    for line in lines:
        found = pattern.match(line)
        if found and is_path(found["path"]):
            yield Violation(
                tool=tool,
                rule=found["rule"],
                path=found["path"],
                message=found["message"].strip(),
                level=Level.ERROR if graver.match(found["rule"]) else Level.WARNING,
                line=number(found["line"]),
                column=number(found["column"]),
            )
