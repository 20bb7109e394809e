"""Search over a whole log, in what is shown of it, a bounded number of blocks at a time."""

import re
from collections.abc import Iterator

from fairlead.model import Value
from fairlead.server.logs.blocks import Log, block_of_byte
from fairlead.server.logs.errors import SearchRefused
from fairlead.server.logs.screen import plain, plain_lines

LONGEST_QUERY = 200
_CONTEXT = 100  # characters shown on both sides of a hit
_WINDOW = 1 << 20  # bytes of a line that are looked at together


class Hit(Value, frozen=True, kw_only=True):
    """A line with what was searched for, the first place in it.

    ``text`` is the shown text around it, without styles; the hit is ``text[begin:end]``.
    """

    line: int
    text: str
    begin: int
    end: int


class Found(Value, frozen=True, kw_only=True):
    """Hits in order; ``next`` is where to go on, ``None`` after the whole log was searched.

    ``searched`` is how many blocks were read for it.
    """

    hits: tuple[Hit, ...]
    next: int | None
    searched: int


class _Window(Value, frozen=True, kw_only=True):
    """Whole lines from line ``number`` on, or a part of a very long one."""

    number: int
    offset: int
    data: bytes


def search(
    log: Log,
    query: str,
    *,
    ignore_case: bool = False,
    offset: int = 0,
    limit: int = 100,
    blocks: int = 256,
) -> Found:
    """The first ``limit`` lines that hold ``query``, from byte ``offset`` (a ``next``) on.

    Reads at most ``blocks`` blocks, at least one. A line is searched as it is shown, so that
    colours inside of a word do not hide it; a line above a megabyte is searched in parts.
    Raises ``SearchRefused`` for a query that is empty, too long or has a line end.
    """
    pattern = _pattern(query, ignore_case=ignore_case)
    walk = _Walk(log, offset, max(1, blocks), overlap=4 * len(query))
    hits: list[Hit] = []
    resume = offset
    for window in walk.windows():
        for hit, after in _hits(window, pattern):
            if hits and hits[-1].line == hit.line:
                continue
            if len(hits) >= limit:
                return Found(hits=tuple(hits), next=resume, searched=walk.searched)
            hits.append(hit)
            resume = after
    return Found(hits=tuple(hits), next=walk.next, searched=walk.searched)


def _pattern(query: str, *, ignore_case: bool) -> re.Pattern[str]:
    if not query or len(query) > LONGEST_QUERY or "\n" in query or "\r" in query:
        raise SearchRefused(
            "this cannot be searched for",
            hint=f"give 1 to {LONGEST_QUERY} characters of one line",
        )
    return re.compile(re.escape(query), re.IGNORECASE if ignore_case else 0)


class _Walk:
    """Reads blocks in order and cuts them at line ends."""

    def __init__(self, log: Log, offset: int, most: int, *, overlap: int) -> None:
        self.searched = 0
        self.next: int | None = None
        self._log = log
        self._begin = self._offset = max(0, offset)
        self._most = most
        self._overlap = overlap
        self._number = 1
        self._waiting = b""

    def windows(self) -> Iterator[_Window]:
        """All windows, or those of so many blocks; then ``next`` says where to go on."""
        index = max(0, block_of_byte(self._log, self._begin))
        while index < len(self._log.blocks):
            # A line longer than all those blocks is read on: else the next call stood still.
            if self.searched >= self._most and self._offset > self._begin:
                self.next = self._offset
                return
            self._waiting += self._read(index)
            index += 1
            yield from self._complete()
        if self._waiting:
            yield self._window(len(self._waiting))

    def _read(self, index: int) -> bytes:
        data = self._log.read(index)
        self.searched += 1
        if self.searched > 1:
            return data
        block = self._log.blocks[index]
        skipped = max(0, self._begin - block.offset)
        self._number = block.line + data.count(b"\n", 0, skipped)
        return data[skipped:]

    def _complete(self) -> Iterator[_Window]:
        if end := self._waiting.rfind(b"\n") + 1:
            yield self._window(end)
        if len(self._waiting) > _WINDOW:
            window = self._window(len(self._waiting))
            self._waiting = window.data[-self._overlap :]
            self._offset -= self._overlap
            yield window

    def _window(self, size: int) -> _Window:
        data = self._waiting[:size]
        window = _Window(number=self._number, offset=self._offset, data=data)
        self._waiting = self._waiting[size:]
        self._offset += size
        self._number += data.count(b"\n")
        return window


def _hits(window: _Window, pattern: re.Pattern[str]) -> Iterator[tuple[Hit, int]]:
    """A hit for each line that has one, and the offset behind that line."""
    if not _may_hit(window.data, pattern):
        return
    offset = window.offset
    for number, line in enumerate(window.data.removesuffix(b"\n").split(b"\n"), window.number):
        offset = min(offset + len(line) + 1, window.offset + len(window.data))
        text = plain(line.decode("utf-8", "replace"))
        if match := pattern.search(text):
            yield _hit(number, text, match), offset


def _may_hit(data: bytes, pattern: re.Pattern[str]) -> bool:
    text = plain_lines(data.decode("utf-8", "replace"))
    return text is None or pattern.search(text) is not None


def _hit(number: int, text: str, match: re.Match[str]) -> Hit:
    begin = max(0, match.start() - _CONTEXT)
    shown = text[begin : match.end() + _CONTEXT]
    return Hit(line=number, text=shown, begin=match.start() - begin, end=match.end() - begin)
