"""From axes to cells: the product, less what is excluded, and what is included besides.

The order is fixed and documented: the product with the last axis varying fastest, without the
excluded cells, then the included ones in the order they are written.
"""

import math
import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import TypeAlias

from fairlead.model import Pairs

Axes: TypeAlias = Sequence[tuple[str, tuple[str, ...]]]
"""Names and their values, in order."""
Selector: TypeAlias = Sequence[tuple[str, tuple[str, ...]]]
"""Axes and the values that are meant; axes that are left out match any value."""

MAX_JOBS = 1000
MAX_PRODUCT = 5_000
"""Cells before anything is excluded; more are refused without making them."""
_ID_LENGTH = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def size(axes: Axes) -> int:
    """How many cells the product has."""
    return math.prod(len(values) for _, values in axes)


def matches(selector: Selector, cell: Pairs) -> bool:
    """Whether every axis of ``selector`` has one of its values in ``cell``."""
    values = dict(cell)
    return all(values.get(axis) in wanted for axis, wanted in selector)


def expand(
    axes: Axes, exclude: Iterable[Selector] = (), include: Iterable[Pairs] = ()
) -> tuple[Pairs, ...]:
    """The cells of a matrix in order; no axes make one cell without values.

    An included cell takes the first value of each axis it leaves out; one that is there
    already is not made twice. Raises ``ValueError`` beyond ``MAX_PRODUCT`` cells.
    """
    if size(axes) > MAX_PRODUCT:
        raise ValueError(f"a matrix of {size(axes):,} cells")
    names = [name for name, _ in axes]
    unwanted = tuple(exclude)
    cells: dict[Pairs, None] = {}
    for values in product(*(values for _, values in axes)):
        cell = tuple(zip(names, values, strict=True))
        if not any(matches(selector, cell) for selector in unwanted):
            cells[cell] = None
    for given in include:
        cells[complete(axes, given)] = None
    return tuple(cells)


def complete(axes: Axes, given: Pairs) -> Pairs:
    """A cell with every axis, in the order of ``axes``: as given, else its first value."""
    values = dict(given)
    return tuple((name, values.get(name, known[0] if known else "")) for name, known in axes)


class Names:
    """Gives out ids that are unique and fit for a file name: ``unit-3.12``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, cell: Pairs = ()) -> str:
        """The id of a job's cell; one that is taken gets a number behind it."""
        words = "-".join([name, *(value for _, value in cell)])
        wanted = _UNSAFE.sub("-", words).strip("-.")[:_ID_LENGTH] or "job"
        found, count = wanted, 1
        while found.lower() in self._taken:
            count += 1
            found = f"{wanted}-{count}"
        self._taken.add(found.lower())
        return found
