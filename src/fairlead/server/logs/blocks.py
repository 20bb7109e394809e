r"""A log as a row of blocks: what live chunks and the frames of a finished file have in common.

A block says where it begins, in bytes and in lines, and in which style its first line starts, so
that any part of a log can be shown without reading what comes before it. Lines end with ``\n``;
what follows the last one is a line too, unless it is empty.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from fairlead.model import Value
from fairlead.server.logs.lines import Splitter
from fairlead.server.logs.style import RESETS, follow


class Block(Value, frozen=True, kw_only=True):
    """Some bytes of a log, in order and without gaps between one block and the next.

    ``line`` is the number of the line (from 1) that holds the first byte, ``torn`` whether it
    began before this block, ``open`` whether the last byte is no line end. ``style`` is the SGR
    state at the start of the first line that begins at or behind the first byte.
    """

    offset: int
    size: int
    line: int
    newlines: int
    torn: bool = False
    open: bool = False
    style: str = ""

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.offset + self.size

    @property
    def first(self) -> int:
        """The number of the first line that begins at or behind the first byte."""
        return self.line + self.torn


class Mark(Value, frozen=True, kw_only=True):
    """From this byte on, in line ``line``, it is ``step`` (from 0) that writes; -1 is none."""

    step: int
    offset: int
    line: int


class Section(Value, frozen=True, kw_only=True):
    """What one step wrote in one go: lines ``first`` to ``last``, bytes ``offset`` to ``end``."""

    step: int
    first: int
    last: int
    offset: int
    end: int


class Log(Protocol):
    """A log that can be read; ``blocks`` are in order and begin at byte 0."""

    @property
    def blocks(self) -> Sequence[Block]:
        """All blocks there are."""
        ...

    @property
    def marks(self) -> Sequence[Mark]:
        """Where which step writes, in order."""
        ...

    def read(self, index: int) -> bytes:
        """The bytes of ``blocks[index]``; raises ``LogMissing`` or ``LogUnreadable``."""
        ...


class Surveyor:
    """Measures the blocks of a log, shown to it one after the other."""

    def __init__(self) -> None:
        self._offset = 0
        self._newlines = 0
        self._open = False
        self._style = ""
        self._lines = Splitter()

    def measure(self, data: bytes) -> Block:
        """The next block, which holds ``data`` (not empty)."""
        offset, line, torn = self._offset, self._newlines + 1, self._open
        style = self._first_style(data) if torn else self._pass(data, self._style)
        count = data.count(b"\n")
        self._offset += len(data)
        self._newlines += count
        self._open = not data.endswith(b"\n")
        return Block(
            offset=offset,
            size=len(data),
            line=line,
            newlines=count,
            torn=torn,
            open=self._open,
            style=style,
        )

    def _first_style(self, data: bytes) -> str:
        begin = data.find(b"\n") + 1 or len(data)
        self._pass(data[:begin], "")
        return self._pass(data[begin:], self._style)

    def _pass(self, data: bytes, before: str) -> str:
        """Carry the style over ``data``; gives back ``before``."""
        if b"\x1b" in data or self._lines.escaped:
            for line in self._lines.feed(_from_last_reset(self._lines, data)):
                self._style = follow(self._style, line.data)
        else:
            self._lines.skim(data)
        return before


def style_behind(data: bytes, style: str) -> str:
    """The style after whole lines that begin in ``style``."""
    if b"\x1b" not in data:
        return style
    lines = Splitter()
    for line in lines.feed(_from_last_reset(lines, data)):
        style = follow(style, line.data)
    return style


def _from_last_reset(lines: Splitter, data: bytes) -> bytes:
    """Styles set before a line that resets them all are of no interest."""
    at = max(data.rfind(reset) for reset in RESETS)
    return lines.skim_before(data, at, at + len(RESETS[0]))


def size(log: Log) -> int:
    """Bytes of a log."""
    return log.blocks[-1].end if log.blocks else 0


def count_lines(log: Log) -> int:
    """Lines of a log, with the one that has no end yet."""
    last = log.blocks[-1] if log.blocks else None
    return last.line - 1 + last.newlines + last.open if last else 0


def block_of_line(log: Log, number: int) -> int:
    """The index of the block in which line ``number`` begins."""
    return bisect_right(log.blocks, number, key=lambda block: block.first) - 1


def block_of_byte(log: Log, offset: int) -> int:
    """The index of the block that holds the byte at ``offset``."""
    return bisect_right(log.blocks, offset, key=lambda block: block.offset) - 1


def sections(log: Log) -> list[Section]:
    """What each step wrote, in order; a step without output has none, one may have several."""
    end, last = size(log), count_lines(log)
    found: list[Section] = []
    for mark in reversed(log.marks):
        if mark.offset < end:
            found.append(
                Section(
                    step=mark.step,
                    first=mark.line,
                    last=max(last, mark.line),
                    offset=mark.offset,
                    end=end,
                )
            )
            end, last = mark.offset, mark.line - 1
    return found[::-1]
