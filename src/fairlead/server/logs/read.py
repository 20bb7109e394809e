"""Parts of a log: lines, the tail, bytes, and lines as HTML. Only the blocks needed are read."""

from collections.abc import Iterator

from fairlead.model import Value
from fairlead.server.logs.blocks import Log, block_of_byte, block_of_line, count_lines, size
from fairlead.server.logs.lines import Line, Splitter
from fairlead.server.logs.render import Rendered, render_line
from fairlead.server.logs.style import follow


class Start(Value, frozen=True, kw_only=True):
    """Where line ``number`` begins, and in which style."""

    number: int
    offset: int
    style: str


def lines(log: Log, first: int, last: int) -> Iterator[Line]:
    """Lines ``first`` to ``last``, both from 1 and included; those that are not there are not."""
    return (line for line in _from_block(log, first, last) if line.number >= max(first, 1))


def tail(log: Log, count: int, *, last: int | None = None) -> Iterator[Line]:
    """The last ``count`` lines, or those up to line ``last`` (of a step, say)."""
    end = count_lines(log) if last is None else last
    return lines(log, max(1, end - count + 1), end)


def rendered(log: Log, first: int, last: int) -> Iterator[Rendered]:
    """Lines as ``lines`` gives them, as HTML, in the style that comes from above."""
    first = max(first, 1)
    index = block_of_line(log, first)
    style = log.blocks[index].style if index >= 0 else ""
    for line in _from_block(log, first, last):
        if line.number < first:
            style = follow(style, line.data)
        else:
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
    style = block.style
    for line in Splitter().feed(before[begin:end]):
        style = follow(style, line.data)
    return Start(number=block.line + before.count(b"\n"), offset=block.offset + end, style=style)


def _begins_line(log: Log, index: int, offset: int) -> bool:
    """Whether a line begins in the block, at ``offset`` or before."""
    block = log.blocks[index]
    if not block.torn or not block.newlines:
        return not block.torn
    return block.end <= offset or b"\n" in log.read(index)[: offset - block.offset]


def _from_block(log: Log, first: int, last: int) -> Iterator[Line]:
    """Lines from the first one that begins in the block of line ``first``, to ``last``."""
    index = block_of_line(log, max(first, 1))
    if index < 0 or first > last or first > count_lines(log):
        return
    block = log.blocks[index]
    splitter = Splitter(block.first)
    data = log.read(index)
    yield from _until(splitter, data[data.find(b"\n") + 1 :] if block.torn else data, last)
    while splitter.number <= last and (index := index + 1) < len(log.blocks):
        block = log.blocks[index]
        if splitter.full and not block.newlines:
            splitter.skip(block.size)
        else:
            yield from _until(splitter, log.read(index), last)
    if splitter.number <= last and (line := splitter.rest()):
        yield line


def _until(splitter: Splitter, data: bytes, last: int) -> Iterator[Line]:
    return (line for line in splitter.feed(data) if line.number <= last)
