"""All jobs of a matrix as a table: a row for a name and its axes, a column for a Python version.

Without Python versions the axis with the most values makes the columns; a large matrix has a
second axis in its columns, so that it stays in sight.
"""

import re
from collections.abc import Sequence

import msgspec
from django.utils.safestring import SafeString, mark_safe

from fairlead.server.store.states import State
from fairlead.server.web.jobs import JobLine

_COMPACT = 60
_MOST_COLUMNS = 32
_MOST_ROWS = 250
_LETTERS = 45
_PYTHON = "Python"
_SMALL = {state.value: f'<a class="{state[0]}" href="%d/">{state.value}</a>' for state in State}

Values = tuple[str, ...]


class Cell(msgspec.Struct, frozen=True):
    """The jobs of one column; ``label`` is its title, ``first`` says that a group begins."""

    jobs: tuple[JobLine, ...]
    label: str
    first: bool = False


class Row(msgspec.Struct, frozen=True):
    """``cells`` are one a column; jobs that belong to none of them are in ``wide``."""

    title: str
    axes: str
    cells: tuple[Cell, ...]
    wide: tuple[JobLine, ...] = ()

    @property
    def small(self) -> SafeString:
        """The cells as small as they go; not by a template, since there may be thousands."""
        cells = [("" if not c.first else ' class="first"', c.jobs) for c in self.cells]
        cells += [("", (job,)) for job in self.wide]
        html = [f"<td{first}>{''.join(map(_link, jobs))}</td>" for first, jobs in cells]
        return mark_safe("".join(html))  # noqa: S308 — numbers, and names of states


class Grid(msgspec.Struct, frozen=True):
    """``axes`` name the columns; ``compact`` asks for small cells; ``more`` rows are left out.

    Where there are two axes, ``groups`` are titles over so many columns each.
    """

    axes: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    compact: bool
    more: int = 0


def make_grid(lines: Sequence[JobLine]) -> Grid | None:
    """The table of a build's jobs; ``None`` where no job has an axis."""
    if len(lines) < 2 or not any(_axes_of(line) for line in lines):  # noqa: PLR2004
        return None
    compact = len(lines) > _COMPACT
    axes, columns = _columns(lines, compact=compact)
    placed: dict[tuple[str, str], list[JobLine]] = {}
    for line in lines:
        placed.setdefault((line.name, _rest(line, axes)), []).append(line)
    rows = [_row(name, rest, found, axes, columns) for (name, rest), found in placed.items()]
    if len(rows) > _MOST_ROWS:
        worst = {id(row): min(line.rank for line in _jobs(row)) for row in rows}
        rows.sort(key=lambda row: worst[id(row)])
    outer = [values[0] for values in columns] if len(axes) > 1 else []
    return Grid(
        " and ".join(axes),
        tuple((value, outer.count(value)) for value in dict.fromkeys(outer)),
        tuple(values[-1] for values in columns),
        tuple(rows[:_MOST_ROWS]),
        compact=compact,
        more=max(0, len(rows) - _MOST_ROWS),
    )


def _row(
    name: str, rest: str, found: Sequence[JobLine], axes: Sequence[str], columns: Sequence[Values]
) -> Row:
    by_values: dict[Values, list[JobLine]] = {}
    for line in found:
        by_values.setdefault(_values(line, axes), []).append(line)
    cells = []
    before = ""
    for values in columns:
        first = len(values) > 1 and values[0] != before
        cells.append(Cell(tuple(by_values.pop(values, ())), ", ".join(values), first))
        before = values[0]
    wide = tuple(line for lines in by_values.values() for line in lines)
    return Row(
        _cut(name), _cut(rest), tuple(cells) if any(cell.jobs for cell in cells) else (), wide
    )


def _link(job: JobLine) -> str:
    return _SMALL[job.state] % job.place


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"


def _jobs(row: Row) -> list[JobLine]:
    return [*row.wide, *(line for cell in row.cells for line in cell.jobs)]


def _columns(lines: Sequence[JobLine], *, compact: bool) -> tuple[list[str], list[Values]]:
    """The axes whose values make the columns, and those values that there are jobs for."""
    counts: dict[str, set[str]] = {}
    for line in lines:
        for name, value in _axes_of(line).items():
            counts.setdefault(name, set()).add(value)
    sizes = {name: len(values) for name, values in counts.items() if len(values) <= _MOST_COLUMNS}
    if not sizes:
        return [], []
    axes = [_PYTHON if _PYTHON in sizes else max(sizes, key=lambda name: sizes[name])]
    width = sizes.pop(axes[0])
    fitting = {name: size for name, size in sizes.items() if 1 < size <= _MOST_COLUMNS // width}
    if compact and fitting:
        axes.insert(0, max(fitting, key=lambda name: fitting[name]))
    found = {_values(line, axes) for line in lines}
    return axes, sorted((v for v in found if all(v)), key=lambda v: [_version(part) for part in v])


def _axes_of(line: JobLine) -> dict[str, str]:
    return {_PYTHON: line.python, **dict(line.axes)} if line.python else dict(line.axes)


def _values(line: JobLine, axes: Sequence[str]) -> Values:
    known = _axes_of(line)
    return tuple(known.get(name, "") for name in axes)


def _rest(line: JobLine, axes: Sequence[str]) -> str:
    return ", ".join(
        f"{name} {value}" for name, value in _axes_of(line).items() if name not in axes
    )


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """``3.9`` before ``3.11``, ``pypy3.10`` after both."""
    parts = re.findall(r"\d+|[^\d.]+", text)
    return tuple((int(p), "") if p.isdecimal() else (1 << 20, p) for p in parts)
