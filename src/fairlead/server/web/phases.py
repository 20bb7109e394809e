"""Where the time of an attempt went, as one bar in parts."""

from collections.abc import Sequence
from itertools import accumulate

import msgspec

from fairlead.server.web.words import duration

WIDTH = 1000


class Bar(msgspec.Struct, frozen=True):
    """A phase: from ``x`` on ``width`` of ``WIDTH``; ``title`` says how long it took, and why."""

    name: str
    x: int
    width: int
    title: str
    took: str


def phase_bars(phases: Sequence[Sequence[object]]) -> list[Bar]:
    """Bars of ``[name, seconds, note]``; one too short to be seen is still a hair's breadth."""
    known = [
        (str(name), max(0.0, float(str(seconds))), str(note)) for name, seconds, note in phases
    ]
    total = sum(seconds for _, seconds, _ in known) or 1.0
    begins = accumulate((seconds for _, seconds, _ in known), initial=0.0)
    return [
        Bar(
            name,
            round(WIDTH * begin / total),
            max(2, round(WIDTH * seconds / total)),
            f"{name} {duration(seconds)}" + (f": {note}" if note else ""),
            duration(seconds),
        )
        for (name, seconds, note), begin in zip(known, begins, strict=False)
    ]
