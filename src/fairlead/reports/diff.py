"""``git diff -U0`` to changed lines, and how many of those are covered.

The format: https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

import re
from collections.abc import Iterable, Mapping

from fairlead.model import Coverage

_HUNK = rb"@@ -\d+(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@"
_ESCAPE = rb'\\([abfnrtv"\\]|[0-7]{3})'
_LETTERS = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))


def changed_lines(diff: bytes) -> dict[str, frozenset[int]]:
    r"""The numbers of added or changed lines by path, as the files are after the change.

    ``diff`` has git's usual ``a/`` and ``b/`` before its paths. Deleted, renamed and binary
    files without new lines are left out. Bytes of a path that are not UTF-8 are shown as
    ``\xff``. What is not a diff has no changed lines.
    """
    found: dict[str, set[int]] = {}
    path = ""
    lines = iter(diff.split(b"\n"))
    for line in lines:
        if line.startswith(b"diff --git "):
            path = ""
        elif line.startswith(b"+++ "):
            path = _path(line[4:])
        elif path and (hunk := re.match(_HUNK, line)):
            added = _in_hunk(lines, hunk)
            if added:
                found.setdefault(path, set()).update(added)
    return {path: frozenset(numbers) for path, numbers in found.items()}


def changed_coverage(
    coverage: Coverage, changed: Mapping[str, Iterable[int]]
) -> tuple[float | None, tuple[str, ...]]:
    """Share of the changed executable lines that ran (0-100), and those that did not.

    The share is ``None`` where no changed line is executable; the others are ``path:line``,
    in the order of the files and lines.
    """
    ran = 0
    missing: list[str] = []
    for file in coverage.files:
        lines = changed.get(file.path)
        if not lines:
            continue
        wanted = frozenset(lines)
        ran += len(wanted.intersection(file.executed))
        missing += [f"{file.path}:{line}" for line in file.missing if line in wanted]
    total = ran + len(missing)
    return (100.0 * ran / total if total else None), tuple(missing)


def _in_hunk(lines: Iterable[bytes], hunk: re.Match[bytes]) -> list[int]:
    """The new numbers of a hunk's added lines.

    Its lines are counted off, because a removed line ``-- x`` looks like the head of a file.
    """
    old, new = int(hunk[1] or 1), int(hunk[3] or 1)
    number = int(hunk[2])
    added: list[int] = []
    if not old and not new:
        return added
    for line in lines:
        kind = line[:1]
        if kind == b"\\":  # "\ No newline at end of file"
            continue
        if kind == b"+":
            added.append(number)
        number += kind != b"-"
        old -= kind != b"+"
        new -= kind != b"-"
        if old <= 0 and new <= 0:
            break
    return added


def _path(name: bytes) -> str:
    """The path of a ``+++`` line; empty where the file is gone."""
    if name.startswith(b'"'):
        name = re.sub(_ESCAPE, _unescaped, name.rstrip(b"\t")[1:-1])
    else:
        name = name.removesuffix(b"\t")  # git ends names with blanks so
    if name == b"/dev/null":
        return ""
    return name.removeprefix(b"b/").decode("utf-8", "backslashreplace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    value = int(code, 8) & 0xFF if len(code) == 3 else _LETTERS[code[0]]  # noqa: PLR2004
    return bytes([value])
