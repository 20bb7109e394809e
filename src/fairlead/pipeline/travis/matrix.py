"""Which jobs a file stands for, in the order of steps that Travis takes.

Expand the axes, append ``include``, fall back to one job, inherit the root's keys, inherit the
first value of each axis, put global variables in front, exclude, drop doubles, ask each ``if``.
"""

import itertools
import math

import msgspec

from fairlead.model import Location
from fairlead.pipeline.travis.cells import Accept, Cell, selections
from fairlead.pipeline.travis.env import Entry, read_job_env
from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.nodes import Keys, Problems, items, keys, text

LIMIT = 200
"""Most jobs of one build, after what is excluded."""

_UNTHINKABLE = 10 * LIMIT

AXES = ("os", "arch", "python")
_DROPPED = frozenset({"import", "stages", "notifications", "version"})


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """A job of the matrix that does not run, and why."""

    cell: Cell
    reason: str


def expand(file: File, accept: Accept, problems: Problems) -> tuple[list[Cell], list[Dropped]]:
    """All jobs of a file, and those that an ``exclude`` or an ``if`` took away."""
    axes = [name for name in AXES if _is_axis(file, name)]
    rows = _combine(file, axes, problems)
    single = len(rows) == 1 and bool(file.includes)
    included = _included(file, problems)
    found = [*([] if single else rows), *included] or [({}, None, file.location)]
    shared = {key: node for key, node in file.keys.items() if key not in {*AXES, *_DROPPED}}
    first = {name: items(file.keys[name])[0] for name in AXES if items(file.keys.get(name))}
    cells = [
        _cell(file, {**shared, **first, **own}, env, location, tuple(axes))
        for own, env, location in found
    ]
    kept, dropped = _filter(file, _unique(cells), accept, problems)
    if len(kept) > LIMIT:
        problems.error(file.location, f"the matrix has {len(kept)} jobs; at most {LIMIT} can run")
    return kept, dropped


def _is_axis(file: File, name: str) -> bool:
    return bool(items(file.keys.get(name)))


_Row = tuple[Keys, Entry | None, Location]


def _combine(file: File, axes: list[str], problems: Problems) -> list[_Row]:
    values = [items(file.keys[name]) for name in axes]
    count = math.prod(map(len, values)) * max(1, len(file.env.rows)) + len(file.includes)
    if count > _UNTHINKABLE:
        problems.error(file.location, f"the matrix has {count} jobs; at most {LIMIT} can run")
        return []
    if not axes and not file.env.rows:
        return []
    rows: tuple[Entry | None, ...] = file.env.rows or (None,)
    return [
        (dict(zip(axes, combination, strict=True)), env, file.location)
        for combination in itertools.product(*values)
        for env in rows
    ]


def _included(file: File, problems: Problems) -> list[_Row]:
    """The includes; one without a stage belongs to the stage of the one before."""
    found: list[_Row] = []
    stage: Keys = {}
    for node in file.includes:
        own = stage | keys(node)
        stage = {"stage": own["stage"]} if "stage" in own else {}
        env = read_job_env(own.pop("env"), problems) if "env" in own else None
        found.append((own, env, node.location))
    return found


def _cell(
    file: File, config: Keys, env: Entry | None, location: Location, axes: tuple[str, ...]
) -> Cell:
    if env is None:
        env = file.env.rows[0] if file.env.rows else ()
    for name in AXES:
        if name in config:
            config[name] = (items(config[name]) or (config[name],))[0]
    return Cell(
        config=config, env=env, all_env=(*file.env.shared, *env), location=location, axes=axes
    )


def _unique(cells: list[Cell]) -> list[Cell]:
    found: dict[tuple[object, ...], Cell] = {}
    for cell in cells:
        found.setdefault(cell.identity, cell)
    return list(found.values())


def _filter(
    file: File, cells: list[Cell], accept: Accept, problems: Problems
) -> tuple[list[Cell], list[Dropped]]:
    excludes = selections(file, file.excludes, problems)
    kept: list[Cell] = []
    dropped: list[Dropped] = []
    for cell in cells:
        if number := next((n for n, one in enumerate(excludes, 1) if one.takes(cell, accept)), 0):
            dropped.append(Dropped(cell=cell, reason=f"excluded by jobs.exclude, entry {number}"))
        elif not accept(cell.config.get("if"), cell):
            condition = " ".join((text(cell.config.get("if")) or "").split())
            dropped.append(Dropped(cell=cell, reason=f"its condition does not hold: {condition}"))
        else:
            kept.append(cell)
    return kept, dropped
