"""Violations, by the file they stand in."""

from collections.abc import Sequence

from fairlead.cli.page.source import ReadSource
from fairlead.cli.view.clean import clean, shorten
from fairlead.model import RunResult, Violation
from fairlead.model.plan import Value

_VIOLATIONS = 1000
_CODE = 160


class Finding(Value, frozen=True, kw_only=True):
    """A violation; ``code`` is the line of source it stands in."""

    line: int
    column: int
    level: str
    rule: str
    message: str
    code: str = ""
    new: bool = False


class FindingsOfFile(Value, frozen=True, kw_only=True):
    """The violations of one file, by line."""

    path: str
    items: tuple[Finding, ...]
    new: int = 0


def findings(result: RunResult, read: ReadSource) -> tuple[list[FindingsOfFile], int]:
    """The violations by file (those with new ones first), and how many there is no room for."""
    new = {v.fingerprint for v in result.comparison.new_violations} if result.comparison else set()
    files: dict[str, list[Violation]] = {}
    for group in result.report.violations:
        for item in group.items:
            files.setdefault(item.path, []).append(item)
    ordered = sorted(
        files, key=lambda path: (-sum(v.fingerprint in new for v in files[path]), path)
    )
    found, room = [], _VIOLATIONS
    for path in ordered:
        items = sorted(files[path], key=lambda v: (v.line, v.column))[:room]
        room -= len(items)
        if items:
            found.append(_of_file(path, items, new, read(path)))
    return found, sum(map(len, files.values())) - (_VIOLATIONS - room)


def _of_file(
    path: str, items: Sequence[Violation], new: set[str], source: bytes | None
) -> FindingsOfFile:
    lines = source.split(b"\n") if source else []
    made = tuple(
        Finding(
            line=item.line,
            column=item.column,
            level=str(item.level),
            rule=f"{item.tool} {item.rule}".strip(),
            message=clean(item.message),
            code=_code(lines, item.line),
            new=item.fingerprint in new,
        )
        for item in items
    )
    return FindingsOfFile(path=path, items=made, new=sum(one.new for one in made))


def _code(lines: Sequence[bytes], number: int) -> str:
    if not 0 < number <= len(lines):
        return ""
    return shorten(clean(lines[number - 1].decode("utf-8", "replace")).strip(), _CODE)
