"""Stages: their order, their conditions, and which jobs are in them."""

from collections.abc import Callable

import msgspec

from fairlead.pipeline.document import Mapping, Node, Scalar
from fairlead.pipeline.travis.cells import Cell
from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.nodes import items, text

DEFAULT = "test"


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A job and the stage it is in."""

    cell: Cell
    stage: str
    reason: str = ""
    """Why the stage does not run, or empty."""
    allowed: bool = False
    """Whether the job may fail."""


class Stages(msgspec.Struct, frozen=True, kw_only=True):
    """The stages in order; ``named`` where the file speaks of stages at all."""

    order: tuple[str, ...]
    jobs: tuple[Staged, ...]
    named: bool


def arrange(file: File, cells: list[Cell], accept: Callable[[Node | None], bool]) -> Stages:
    """Put jobs into stages: in the order of ``stages:``, then as they first appear.

    Names are equal in any case; the first spelling counts. A job without a stage is in that of
    the job before it, the first one in ``test``.
    """
    conditions = _configured(file)
    names = {name.lower(): name for name in reversed(conditions)}
    current = names.get(DEFAULT, DEFAULT)
    order = {name.lower(): name for name in conditions}
    jobs: list[Staged] = []
    for cell in cells:
        current = text(cell.config.get("stage")) or current
        shown = order.setdefault(current.lower(), current)
        reason = (
            "" if accept(conditions.get(shown)) else f"the condition of stage {shown} is not met"
        )
        jobs.append(Staged(cell=cell, stage=shown, reason=reason))
    used = {job.stage for job in jobs if not job.reason}
    named = bool(conditions) or any("stage" in cell.config for cell in cells)
    kept = tuple(name for name in order.values() if name in used)
    return Stages(order=kept or (DEFAULT,), jobs=tuple(jobs), named=named)


def _configured(file: File) -> dict[str, Node | None]:
    """The names under ``stages:`` with their conditions."""
    found: dict[str, Node | None] = {}
    for item in items(file.keys.get("stages")):
        if isinstance(item, Scalar):
            found.setdefault(item.text, None)
        elif isinstance(item, Mapping) and (name := text(item.get("name"))):
            found.setdefault(name, item.get("if"))
    return found
