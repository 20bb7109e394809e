"""The reference of ``fairlead.yml`` as Markdown: a table for every mapping it can hold."""

from collections.abc import Iterator
from typing import Any

from fairlead.pipeline.native.kinds import Keys, Kind, Later, ListOf, MapOf, Mapped, OneOf
from fairlead.pipeline.native.parts import STEP
from fairlead.pipeline.native.spec import FILE, JOB_BODY, SHARED

_INTRODUCTIONS = {
    "file": "Keys that begin with `x-` are passed over: a place for YAML anchors.",
    "job": "Beside these, a job can have any of the keys "
    + ", ".join(f"`{key.name}`" for key in SHARED)
    + " of its own; what it does not have it takes from the top of the file.",
    "matrix": "Any other key is an axis with its value or list of values. Each is an environment "
    "variable of that name, and `${{ name }}` in texts. Python comes first, then the axes as "
    "written, the last varying fastest; then come the included cells.",
    "violations": "Any other key is a tool's name, with `no_new` or a mapping of these two.",
}
_TITLES = {"file": "The file", "job": "A job", "step": "A step"}


def reference_table() -> str:
    """All tables, outermost mapping first."""
    return "\n\n".join(_section(keys) for keys in sections())


def sections() -> tuple[Keys[Any], ...]:
    """Every mapping with declared keys, each once, outer ones first."""
    found: dict[str, Keys[Any]] = {}
    for keys in (FILE, JOB_BODY, STEP):
        found.setdefault(keys.title, keys)
    for keys in tuple(found.values()):
        for inner in _inside(keys):
            found.setdefault(inner.title, inner)
    found.pop("tool", None)
    return tuple(found.values())


def _inside(kind: Kind[Any]) -> Iterator[Keys[Any]]:
    if isinstance(kind, Keys):
        yield kind
        for key in kind.keys.values():
            yield from _inside(key.kind)
    elif isinstance(kind, Mapped | Later):
        yield from _inside(kind.kind)
    elif isinstance(kind, OneOf):
        for option in kind.kinds:
            yield from _inside(option)
    elif isinstance(kind, ListOf):
        yield from _inside(kind.item)
    elif isinstance(kind, MapOf):
        yield from _inside(kind.value)


def _section(keys: Keys[Any]) -> str:
    lines = [f"### {_TITLES.get(keys.title, f'`{keys.title}`')}", ""]
    if introduction := _INTRODUCTIONS.get(keys.title):
        lines += [introduction, ""]
    lines += ["| key | value | if absent | meaning |", "|---|---|---|---|"]
    passed_over = SHARED if keys is JOB_BODY else ()
    for key in (key for key in keys.keys.values() if key not in passed_over):
        absent = "required" if key.required else key.default or "none"
        cells = (f"`{key.name}`", key.kind.words, absent, key.doc)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
