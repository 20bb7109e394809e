"""A block of lines at the bottom of a terminal that is drawn again and again in its place.

The cursor rests at the start of the line below the block and is never hidden, and nothing else
of the terminal is changed: whatever kills us, there is nothing to restore.
"""

import re

from fairlead.cli.view.base import Writer
from fairlead.cli.view.look import cells

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_TO_END_OF_LINE = "\x1b[K"
_TO_END_OF_SCREEN = "\x1b[J"


class Canvas:
    """Draws lines, each narrower than the terminal; only lines that changed are written."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._drawn: list[str] = []
        self._width = 0

    def draw(self, lines: list[str], width: int) -> None:
        """Replace what was drawn by ``lines`` in a terminal that is ``width`` columns wide now."""
        if self._width and width != self._width:
            self.clear(width)
        self._width = width
        if lines == self._drawn:
            return
        old = [*self._drawn, *[""] * len(lines)]
        up = f"\x1b[{len(self._drawn)}A" if self._drawn else ""
        text = [
            "\n" if before == line and index < len(self._drawn) else f"{line}{_TO_END_OF_LINE}\n"
            for index, (before, line) in enumerate(zip(old, lines, strict=False))
        ]
        self._writer.write(f"{up}\r{''.join(text)}{_TO_END_OF_SCREEN}")
        self._drawn = lines

    def clear(self, width: int = 0) -> None:
        """Take the block away. A terminal that became narrower has wrapped its lines."""
        if not self._drawn:
            return
        now = width or self._width
        rows = sum(max(-(-cells(_SGR.sub("", line)) // now), 1) for line in self._drawn)
        self._writer.write(f"\x1b[{rows}A\r{_TO_END_OF_SCREEN}")
        self._drawn = []
