"""The end of what a step writes, kept in next to no time and a bounded space."""

from collections import deque

from fairlead.cli.view.clean import clean, clean_lines

_LAST_LINE = 400


class Tail:
    """At least the last ``limit`` bytes that were added, at most twice as many."""

    __slots__ = ("_chunks", "_limit", "_newest", "_size", "total")

    def __init__(self, limit: int = 32 << 10) -> None:
        self._chunks: deque[bytes] = deque()
        self._limit = limit
        self._size = 0
        self._newest: tuple[bytes, ...] = ()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take the next piece of output."""
        self.total += len(data)
        kept = data[-self._limit :]
        self._chunks.append(kept)
        self._newest = (kept, *self._newest[:1])
        self._size += len(kept)
        while self._size - len(self._chunks[0]) >= self._limit:
            self._size -= len(self._chunks.popleft())

    @property
    def cut(self) -> bool:
        """Whether the beginning is no longer here."""
        return self.total > self._size

    def lines(self, last: int | None = None) -> list[str]:
        """The lines that are here, cleaned; only the ``last`` so many."""
        return clean_lines(b"".join(self._chunks), last=last, cut=self.cut)

    def last_line(self) -> str:
        """The newest line that says something, cleaned; may be asked from another thread."""
        for chunk in self._newest:
            text = clean(chunk[-_LAST_LINE:].decode("utf-8", "replace"))
            for line in reversed(text.split("\n")):
                if line.strip():
                    return " ".join(line.split())
        return ""
