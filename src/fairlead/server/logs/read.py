"""Parts of a log: lines, the tail, bytes, and lines as HTML. Only the blocks needed are read."""

from collections.abc import Iterator

from fairlead.model import Value
from fairlead.server.logs.blocks import (
    Log,
    block_of_byte,
    block_of_line,
    count_lines,
    size,
    style_behind,
)
from fairlead.server.logs.lines import Line, Splitter
from fairlead.server.logs.render import Rendered, render_line


class Start(Value, frozen=True, kw_only=True):
    """Where line ``number`` begins, and in which style."""

    number: int
    offset: int
    style: str


def lines(log: Log, first: int, last: int) -> Iterator[Line]:
    """Lines ``first`` to ``last``, both from 1 and included; those that are not there are not."""
    first = max(first, 1)
    if (index := _block_of(log, first, last)) >= 0:
        yield from _onward(log, index, _cut(log, index, first)[1], first, last)


def tail(log: Log, count: int, *, last: int | None = None) -> Iterator[Line]:
    """The last ``count`` lines, or those up to line ``last`` (of a step, say)."""
    end = count_lines(log) if last is None else last
    return lines(log, max(1, end - count + 1), end)


def rendered(log: Log, first: int, last: int) -> Iterator[Rendered]:
    """Lines as ``lines`` gives them, as HTML, in the style that comes from above."""
    first = max(first, 1)
    if (index := _block_of(log, first, last)) < 0:
        return
    before, data = _cut(log, index, first)
    style = style_behind(before, log.blocks[index].style)
    for line in _onward(log, index, data, first, last):
        shown, style = render_line(line, style)
        yield shown


def read_bytes(log: Log, offset: int = 0, limit: int | None = None) -> Iterator[bytes]:
    """The log from byte ``offset`` on, in pieces, at most ``limit`` bytes: the raw stream."""
    left = size(log) if limit is None else limit
    offset = max(offset, 0)
    index = max(0, block_of_byte(log, offset))
    while left > 0 and index < len(log.blocks):
        block = log.blocks[index]
        if offset < block.end:
            piece = log.read(index)[offset - block.offset :][:left]
            yield piece
            offset += len(piece)
            left -= len(piece)
        index += 1


def line_start(log: Log, offset: int) -> Start:
    """The start of the line that holds the byte at ``offset``, or of the last one."""
    offset = min(max(offset, 0), size(log))
    index = block_of_byte(log, offset)
    while index > 0 and not _begins_line(log, index, offset):
        index -= 1
    if index < 0:
        return Start(number=1, offset=0, style="")
    block = log.blocks[index]
    before = log.read(index)[: offset - block.offset]
    begin = before.find(b"\n") + 1 if block.torn else 0
    end = before.rfind(b"\n") + 1 or begin
    style = style_behind(before[begin:end], block.style)
    return Start(number=block.line + before.count(b"\n"), offset=block.offset + end, style=style)


def _begins_line(log: Log, index: int, offset: int) -> bool:
    """Whether a line begins in the block, at ``offset`` or before."""
    block = log.blocks[index]
    if not block.torn or not block.newlines:
        return not block.torn
    return block.end <= offset or b"\n" in log.read(index)[: offset - block.offset]


def _block_of(log: Log, first: int, last: int) -> int:
    """The block in which line ``first`` begins; -1 where there is none of these lines."""
    return -1 if first > min(last, count_lines(log)) else block_of_line(log, first)


def _cut(log: Log, index: int, first: int) -> tuple[bytes, bytes]:
    """Of a block: the lines that begin in it before ``first``, and all from that one on."""
    block, data = log.blocks[index], log.read(index)
    begin = data.find(b"\n") + 1 if block.torn else 0
    behind = data.split(b"\n", first - block.line)[-1]  # many times quicker than line by line
    end = len(data) - len(behind)
    return data[begin:end], behind


def _onward(log: Log, index: int, data: bytes, first: int, last: int) -> Iterator[Line]:
    """Lines to ``last``; ``data`` is the block from line ``first`` on."""
    splitter = Splitter(first)
    yield from _until(splitter, data, last)
    while splitter.number <= last and (index := index + 1) < len(log.blocks):
        block = log.blocks[index]
        if splitter.full and not block.newlines:
            splitter.skip(block.size)
        else:
            yield from _until(splitter, log.read(index), last)
    if splitter.number <= last and (line := splitter.rest()):
        yield line


def _until(splitter: Splitter, data: bytes, last: int) -> Iterator[Line]:
    for line in splitter.feed(data):
        yield line
        if splitter.number > last:
            return
