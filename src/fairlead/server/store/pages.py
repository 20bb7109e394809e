"""Lists of any length, a page at a time: by key, never by counting or skipping rows."""

from typing import Generic, TypeVar

import msgspec
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Page(msgspec.Struct, Generic[M], frozen=True):
    """``items`` in the list's order; ``older`` is the key to pass as ``before`` for the next."""

    items: tuple[M, ...]
    older: int | None


def newest(rows: QuerySet[M], *, before: int | None = None, count: int = 50) -> Page[M]:
    """A page of ``rows`` by descending id, those below ``before`` only."""
    chosen = rows.order_by("-id")
    if before is not None:
        chosen = chosen.filter(id__lt=before)
    found = tuple(chosen[: count + 1])
    items = found[:count]
    return Page(items, items[-1].pk if len(found) > count else None)


def oldest(rows: QuerySet[M], *, after: int | None = None, count: int = 200) -> Page[M]:
    """A page of ``rows`` by ascending id, those above ``after`` only (``older`` is the next)."""
    chosen = rows.order_by("id")
    if after is not None:
        chosen = chosen.filter(id__gt=after)
    found = tuple(chosen[: count + 1])
    items = found[:count]
    return Page(items, items[-1].pk if len(found) > count else None)
