"""Bytes to lines, however the bytes were cut; a line's memory is bounded."""

from collections.abc import Iterator

from fairlead.model import Value

LONGEST = 64 << 10
"""Bytes of a line that are kept for showing it. A style set behind them is not seen either."""


class Line(Value, frozen=True, kw_only=True):
    """One line without its end; ``missing`` bytes of it were left out at the right."""

    number: int
    data: bytes
    missing: int = 0


class Splitter:
    """Collects pieces into lines; ``number`` is that of the line that is open.

    ``waiting`` is how many bytes of the open line have been seen.
    """

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.waiting = 0
        self._open = bytearray()

    @property
    def escaped(self) -> bool:
        """Whether the open line has an escape, or may have begun one."""
        return b"\x1b" in self._open

    @property
    def full(self) -> bool:
        """Whether more bytes of the open line would be left out."""
        return self.waiting >= LONGEST

    def feed(self, data: bytes) -> Iterator[Line]:
        """Take a piece; the lines that it ends. To be iterated to its end."""
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            if self.waiting:
                self._extend(data[begin:end])
                yield self._close()
            else:
                yield self._whole(data, begin, end)
            begin = end + 1
        self._extend(data[begin:])

    def skim(self, data: bytes) -> None:
        """Take a piece whose lines nobody wants."""
        if count := data.count(b"\n"):
            self.number += count
            self._clear()
        self._extend(data[data.rfind(b"\n") + 1 :])

    def skim_before(self, data: bytes, begin: int, end: int) -> bytes:
        """Skim the lines before the one that holds ``data[begin:end]``; what is left to feed.

        That is all of ``data`` where that part would not be kept, or ``begin`` is negative.
        """
        start = data.rfind(b"\n", 0, max(begin, 0)) + 1
        if begin < 0 or end - start > LONGEST:
            return data
        self.skim(data[:start])
        return data[start:]

    def skip(self, count: int) -> None:
        """Pass over so many bytes of a line that is full already."""
        self.waiting += count

    def rest(self) -> Line | None:
        """The open line as it is so far."""
        return self._line() if self.waiting else None

    def _whole(self, data: bytes, begin: int, end: int) -> Line:
        kept = data[begin : min(end, begin + LONGEST)]
        line = Line(number=self.number, data=kept, missing=end - begin - len(kept))
        self.number += 1
        return line

    def _extend(self, piece: bytes) -> None:
        self._open += piece[: max(0, LONGEST - self.waiting)]
        self.waiting += len(piece)

    def _close(self) -> Line:
        line = self._line()
        self.number += 1
        self._clear()
        return line

    def _clear(self) -> None:
        self._open.clear()
        self.waiting = 0

    def _line(self) -> Line:
        missing = self.waiting - len(self._open)
        return Line(number=self.number, data=bytes(self._open), missing=missing)
