"""Live logs: compressed chunks in a database, which is behind a small Protocol."""

import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from fairlead.model import Value
from fairlead.server.logs.blocks import Block, Mark
from fairlead.server.logs.errors import LogGap, LogUnreadable
from fairlead.util.decoding import from_json

LEVEL = 1  # of zlib: these bytes live for minutes, and a job waits for them


class Head(Value, frozen=True, kw_only=True):
    """What a chunk says of itself without being read."""

    block: Block
    marks: tuple[Mark, ...] = ()


class Chunk(Value, frozen=True, kw_only=True):
    """A part of a live log, as it is stored.

    It holds the bytes from ``offset`` to ``offset + size`` of the log. ``head`` (JSON) and
    ``data`` (zlib) are for this package alone: a database keeps them as they are.
    """

    offset: int
    size: int
    head: bytes
    data: bytes


class Stored(Value, frozen=True, kw_only=True):
    """A finished log: ``size`` bytes in ``lines`` lines, ``packed`` bytes in storage."""

    name: str
    size: int
    lines: int
    packed: int


class Chunks(Protocol):
    """The chunks of one attempt of a job, in a database. Safe for several processes.

    An implementation that is fenced refuses ``add`` and ``settle`` with an error of its own.
    """

    def add(self, chunk: Chunk) -> int:
        """Append a chunk if it begins where the log ends; otherwise change nothing.

        Gives the offset at which the log ends afterwards. One statement, or one transaction.
        """
        ...

    def heads(self, since: int = 0) -> Sequence[bytes]:
        """The ``head`` of all chunks that end behind byte ``since``, in order of their offset."""
        ...

    def read(self, offset: int) -> bytes:
        """The ``data`` of the chunk that begins at ``offset``; raises ``LogMissing``."""
        ...

    def settle(self, stored: Stored) -> None:
        """In one transaction: note where the log lies now, and remove its chunks.

        Nothing may be added afterwards; the same again changes nothing.
        """
        ...


def pack(block: Block, marks: Sequence[Mark], data: bytes) -> Chunk:
    """A chunk to be stored."""
    head = msgspec.json.encode(Head(block=block, marks=tuple(marks)))
    return Chunk(offset=block.offset, size=block.size, head=head, data=zlib.compress(data, LEVEL))


def append(chunks: Chunks, chunk: Chunk) -> None:
    """Store a chunk; one that is there already changes nothing.

    Raises ``LogGap`` when bytes before it are missing, or when it overlaps what is stored.
    """
    end = chunks.add(chunk)
    if end < chunk.offset + chunk.size:
        raise LogGap(
            f"a chunk of a log begins at byte {chunk.offset}, but what is stored ends at {end}",
            hint="write the chunks of an attempt one after the other, from a single worker",
        )


class LiveLog:
    """The log that chunks make, as far as it had come when this was made.

    With ``since``, only what the chunks hold that end behind that byte: enough to go on reading.
    Raises ``LogGap`` when chunks are missing in between.
    """

    def __init__(self, chunks: Chunks, *, since: int = 0) -> None:
        self._chunks = chunks
        self._heads = [_head(data) for data in chunks.heads(since)]
        self.blocks = tuple(head.block for head in self._heads)
        expected = min(since, self.blocks[0].offset) if self.blocks else 0
        for block in self.blocks:
            if block.offset != expected:
                raise LogGap(f"bytes {expected} to {block.offset} of a log are missing")
            expected = block.end

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Where which step writes."""
        return tuple(mark for head in self._heads for mark in head.marks)

    def read(self, index: int) -> bytes:
        """Bytes of a chunk."""
        block = self.blocks[index]
        data = unpack(self._chunks.read(block.offset), block.size, 15)
        if len(data) != block.size:
            raise LogUnreadable(f"the chunk of a log at byte {block.offset} is damaged")
        return data


def unpack(data: bytes, size: int, kind: int) -> bytes:
    """Decompress what should become ``size`` bytes and never much more; ``kind`` as zlib's wbits.

    Raises ``LogUnreadable`` for what is damaged.
    """
    decoder = zlib.decompressobj(kind)
    try:
        # One byte above: so the check sum at the end is reached, and read.
        plain = decoder.decompress(data, size + 1)
    except zlib.error as error:
        raise LogUnreadable(f"stored bytes of a log are damaged: {error}") from error
    if len(plain) != size or not decoder.eof:
        raise LogUnreadable("stored bytes of a log are damaged: not of the size they should be")
    return plain


def _head(data: bytes) -> Head:
    try:
        return from_json(data, Head)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LogUnreadable(f"the head of a log's chunk is damaged: {error}") from error
