"""What formatters would change: unified diffs, and the names of files."""

import re
from collections.abc import Iterator, Sequence

from fairlead.model import Violation

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d+(?:,(\d{1,9}))? @@")
_RULE = "format"


def changes(tool: str, lines: Sequence[str], marks: tuple[str, str] = ("", "")) -> list[Violation]:
    """One violation a hunk of the unified diffs in ``lines``, at its first changed line.

    ``marks`` stand before and behind the path on the ``---`` line of this tool.
    """
    found: list[Violation] = []
    rest = iter(lines)
    path = ""
    above = ""
    for line in rest:
        if line.startswith("+++ ") and above.startswith("--- "):
            path = _path(above[4:], marks)
        elif path and (hunk := _HUNK.match(line)):
            found.append(_violation(tool, path, _first_changed(rest, hunk)))
        above = line
    return found


def whole(tool: str, paths: Iterator[str], known: Sequence[Violation]) -> list[Violation]:
    """One violation for each of the files that no hunk of ``known`` speaks of already."""
    told = {item.path for item in known}
    return [
        _violation(tool, path, 0)
        for path in dict.fromkeys(paths)
        if not any(_same(path, name) for name in told)
    ]


def _same(one: str, two: str) -> bool:
    """Whether two paths can mean one file: tools name it once in full and once from here."""
    return f"/{one}".endswith(f"/{two}") or f"/{two}".endswith(f"/{one}")


def _violation(tool: str, path: str, line: int) -> Violation:
    message = f"not formatted as {tool.replace('-', ' ')} does it"
    return Violation(tool=tool, rule=_RULE, path=path, message=message, line=line)


def _path(name: str, marks: tuple[str, str]) -> str:
    return name.partition("\t")[0].removeprefix(marks[0]).removesuffix(marks[1])


def _first_changed(lines: Iterator[str], hunk: re.Match[str]) -> int:
    """The old number of the first line a hunk changes; reads the hunk to its end."""
    start, old, new = int(hunk[1]), int(hunk[2] or 1), int(hunk[3] or 1)
    number, first = start, 0
    if not old and not new:
        return start
    for line in lines:
        kind = line[:1]
        if kind == "\\":
            continue
        if kind in ("+", "-") and not first:
            first = number
        number += kind != "+"
        old -= kind != "+"
        new -= kind != "-"
        if old <= 0 and new <= 0:
            break
    return max(first or start, 1)
