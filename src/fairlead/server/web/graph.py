"""What waits for what: the jobs as boxes in columns, by the longest way to them, and lines.

Jobs of one name are one box, since a matrix of them waits and is waited for together.
"""

from collections.abc import Mapping, Sequence

import msgspec

from fairlead.server.web.jobs import JobLine

_MOST = 40
_WIDE, _HIGH, _ACROSS, _DOWN = 176, 34, 64, 14
_LETTERS = 17


class Box(msgspec.Struct, frozen=True):
    """``state`` is the worst of its jobs'; ``place`` is its job's, 0 where it has several."""

    name: str
    title: str
    state: str
    count: int
    place: int
    x: int
    y: int


class Graph(msgspec.Struct, frozen=True):
    """``edges`` are SVG paths, ``words`` tell the same; all in pixels."""

    boxes: tuple[Box, ...]
    edges: tuple[str, ...]
    width: int
    height: int
    words: str


def make_graph(lines: Sequence[JobLine]) -> Graph | None:
    """The graph; ``None`` where no job needs another, or there are too many to be seen."""
    if not any(line.needs for line in lines):
        return None
    groups: dict[str, list[JobLine]] = {}
    for line in lines:
        groups.setdefault(line.name, []).append(line)
    needs = _needs(groups)
    if len(groups) > _MOST or not any(needs.values()):
        return None
    columns = _columns(needs)
    boxes = {
        name: _box(name, groups[name], x, y)
        for x, names in enumerate(columns)
        for y, name in enumerate(names)
    }
    edges = tuple(_edge(boxes[wanted], boxes[name]) for name in needs for wanted in needs[name])
    return Graph(
        tuple(boxes.values()),
        edges,
        width=len(columns) * (_WIDE + _ACROSS) - _ACROSS + 2,
        height=max(map(len, columns)) * (_HIGH + _DOWN) - _DOWN + 2,
        words="; ".join(f"{name} needs {', '.join(ws)}" for name, ws in needs.items() if ws),
    )


def _needs(groups: Mapping[str, Sequence[JobLine]]) -> dict[str, list[str]]:
    named = {line.key: name for name, lines in groups.items() for line in lines}
    found: dict[str, list[str]] = {}
    for name, lines in groups.items():
        wanted = {named[key]: None for line in lines for key in line.needs if key in named}
        found[name] = [other for other in wanted if other != name]
    return found


def _columns(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    depth: dict[str, int] = dict.fromkeys(needs, 0)
    # A plan has no circles; groups of jobs may, so this ends after as many rounds as it could take.
    for _ in needs:
        deeper = {name: max((depth[w] + 1 for w in needs[name]), default=0) for name in needs}
        if deeper == depth:
            break
        depth = deeper
    most = min(max(depth.values()), len(needs))
    columns: list[list[str]] = [[] for _ in range(most + 1)]
    for name, place in depth.items():
        columns[min(place, most)].append(name)
    return [column for column in columns if column]


def _box(name: str, lines: Sequence[JobLine], x: int, y: int) -> Box:
    worst = min(lines, key=lambda line: line.rank)
    count = len(lines)
    room = _LETTERS - (4 if count > 1 else 0)
    return Box(
        name if len(name) <= room else name[: room - 1] + "…",
        name,
        worst.state,
        count if count > 1 else 0,
        0 if count > 1 else worst.place,
        1 + x * (_WIDE + _ACROSS),
        1 + y * (_HIGH + _DOWN),
    )


def _edge(start: Box, end: Box) -> str:
    x, y = start.x + _WIDE, start.y + _HIGH // 2
    to_x, to_y = end.x, end.y + _HIGH // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"
