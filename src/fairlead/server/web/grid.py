"""All jobs of a matrix as a table: a row for a name and its axes, a column for a Python version.

Without Python versions the axis with the most values makes the columns.
"""

import re
from collections.abc import Sequence

import msgspec

from fairlead.server.web.jobs import JobLine

_COMPACT = 60
_MOST_COLUMNS = 24
_MOST_ROWS = 250
_UNNAMED = ""


class Row(msgspec.Struct, frozen=True):
    """``cells`` are one tuple a column, or a single one where there are no columns."""

    title: str
    axes: str
    cells: tuple[tuple[JobLine, ...], ...]


class Grid(msgspec.Struct, frozen=True):
    """``axis`` names the columns; ``compact`` asks for small cells; ``more`` rows are left out."""

    axis: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    compact: bool
    more: int = 0


def make_grid(lines: Sequence[JobLine]) -> Grid | None:
    """The table of a build's jobs; ``None`` where no job has an axis."""
    if len(lines) < 2 or not any(line.axes or line.python for line in lines):  # noqa: PLR2004
        return None
    axis = _column_axis(lines)
    columns = sorted({_value(line, axis) for line in lines} - {_UNNAMED}, key=_version)
    if len(columns) > _MOST_COLUMNS:
        axis, columns = "", []
    placed: dict[tuple[str, str], list[JobLine]] = {}
    for line in lines:
        placed.setdefault((line.name, _axes(line, axis)), []).append(line)
    rows = [_row(name, axes, found, axis, columns) for (name, axes), found in placed.items()]
    if len(rows) > _MOST_ROWS:
        rows.sort(key=lambda row: min(line.rank for cell in row.cells for line in cell))
    return Grid(
        axis,
        tuple(columns),
        tuple(rows[:_MOST_ROWS]),
        compact=len(lines) > _COMPACT,
        more=max(0, len(rows) - _MOST_ROWS),
    )


def _row(name: str, axes: str, found: Sequence[JobLine], axis: str, columns: Sequence[str]) -> Row:
    if not columns:
        return Row(name, axes, (tuple(found),))
    cells = {value: [line for line in found if _value(line, axis) == value] for value in columns}
    # A job without that axis stands in the first column, whatever that is called.
    cells[columns[0]] += [line for line in found if _value(line, axis) == _UNNAMED]
    return Row(name, axes, tuple(tuple(cells[value]) for value in columns))


def _column_axis(lines: Sequence[JobLine]) -> str:
    if any(line.python for line in lines):
        return "Python"
    values: dict[str, set[str]] = {}
    for line in lines:
        for name, value in line.axes:
            values.setdefault(name, set()).add(value)
    return max(values, key=lambda name: len(values[name]))


def _value(line: JobLine, axis: str) -> str:
    return line.python if axis == "Python" else dict(line.axes).get(axis, _UNNAMED)


def _axes(line: JobLine, axis: str) -> str:
    python = f"Python {line.python}" if line.python and axis != "Python" else ""
    rest = [f"{name} {value}" for name, value in line.axes if name != axis]
    return ", ".join(filter(None, (python, *rest)))


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """``3.9`` before ``3.11``, ``pypy3.10`` after both."""
    parts = re.findall(r"\d+|[^\d.]+", text)
    return tuple((int(p), "") if p.isdecimal() else (1 << 20, p) for p in parts)
