"""The table: what, both figures, their ratio, the goal, and whether we meet it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure of each, ``None`` where it was not measured; ``most`` or ``least`` is our goal.

    ``unit`` stands behind the figures. ``note`` is for what is behind them, not for the table.
    """

    what: str
    unit: str
    theirs: float | None
    ours: float | None
    most: float | None = None
    least: float | None = None
    note: str = ""
    broke: bool = False

    @property
    def met(self) -> bool | None:
        """Whether our figure is as good as the goal; ``None`` without one of them."""
        if self.ours is None:
            return None
        if self.most is not None:
            return self.ours <= self.most
        return None if self.least is None else self.ours >= self.least

    @property
    def goal(self) -> str:
        """The goal in words."""
        if self.most is not None:
            return f"<= {shown(self.most)} {self.unit}".rstrip()
        return f">= {shown(self.least)} {self.unit}".rstrip() if self.least is not None else "-"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | Buildbot | Fairlead | ratio | goal | |", "|---|---|---|---|---|---|"]
    word = {True: "met", False: "MISSED", None: "-"}
    for row in rows:
        figures = (_figure(row.theirs, row.unit), _figure(row.ours, row.unit))
        cells = (row.what, *figures, _ratio(row), row.goal, word[row.met])
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shown(number: float) -> str:
    """Three digits that count; thousands by commas."""
    size = abs(number)
    if size >= 1000:
        return f"{number:,.0f}"
    digits = 0 if size >= 100 or number == int(number) else 1 if size >= 10 else 2
    return f"{number:.{digits}f}" if size >= 0.1 or not size else f"{number:.2g}"


def _figure(number: float | None, unit: str) -> str:
    return "-" if number is None else f"{shown(number)} {unit}".rstrip()


def _ratio(row: Row) -> str:
    """How many times as much theirs is."""
    return f"{shown(row.theirs / row.ours)}" if row.theirs and row.ours else "-"
