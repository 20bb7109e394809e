"""The file of a finished log: a gzip file that ``zcat`` reads, with an index at its end.

Every frame is a gzip member of its own (RFC 1952). Behind them come empty members whose extra
field (subfield ``FL``) carries the index in pieces, and a last one of fixed size that says where
the index begins. Frames end with a line end where there is one in them, and hold one part of a
line otherwise; the same bytes make the same frames however they arrived.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from fairlead.server.logs.blocks import Block, Mark, Surveyor
from fairlead.server.logs.chunks import unpack
from fairlead.server.logs.errors import LogUnreadable
from fairlead.util.decoding import from_msgpack

FRAME = 256 << 10
"""Bytes of a log in one frame at most: about a millisecond to read."""

LEVEL = 3  # of zlib: 6 takes three times as long for a seventh less
GZIP = 31  # as zlib's wbits
VERSION = 1

_HEADER = struct.Struct("<4sIBBH2sH")  # RFC 1952 2.3: fixed part, XLEN, subfield id, its length
_EMPTY = b"\x03\x00" + bytes(8)  # an empty deflate block, CRC and size of nothing
_FOOT = struct.Struct("<4sIQQ")  # magic, version, where the index begins, its packed length
_MAGIC = b"FLOG"
_PIECE = 60_000
_LARGEST = 256 << 20  # bytes of an index that are believed: more than a terabyte of log needs
_AROUND = _HEADER.size + len(_EMPTY)
FOOT = _AROUND + _FOOT.size
"""Bytes at the end of a file that say where its index begins."""


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """A frame in the index: bytes in the file, bytes of the log, line ends, style."""

    packed: int
    size: int
    newlines: int
    style: str = ""


class Index(msgspec.Struct, frozen=True, array_like=True):
    """All that is needed to find a byte or a line; ``open``: the last line has no end."""

    frames: list[Frame]
    marks: list[tuple[int, int, int]]
    open: bool


def cut_frames(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The bytes of ``pieces`` as frames of at most ``most`` bytes."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= most:
            end = waiting.rfind(b"\n", 0, most) + 1 or most
            yield bytes(waiting[:end])
            del waiting[:end]
    if waiting:
        yield bytes(waiting)


class Writer:
    """Makes the bytes of a file: frame after frame, then ``end``. ``size``: bytes made so far."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.size = 0
        self._frames: list[Frame] = []
        self._surveyor = Surveyor()

    def frame(self, data: bytes) -> bytes:
        """A frame that holds ``data``."""
        encoder = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        packed = encoder.compress(data) + encoder.flush()
        block = self._surveyor.measure(data)
        self.blocks.append(block)
        self._frames.append(Frame(len(packed), block.size, block.newlines, block.style))
        self.size += len(packed)
        return packed

    def end(self, marks: Sequence[Mark]) -> bytes:
        """What follows the last frame."""
        is_open = bool(self.blocks) and self.blocks[-1].open
        places = [(mark.step, mark.offset, mark.line) for mark in marks]
        index = zlib.compress(msgspec.msgpack.encode(Index(self._frames, places, is_open)), LEVEL)
        pieces = [index[at : at + _PIECE] for at in range(0, len(index), _PIECE)]
        foot = _member(_FOOT.pack(_MAGIC, VERSION, self.size, len(index)))
        data = b"".join(map(_member, pieces)) + foot
        self.size += len(data)
        return data


def find_index(foot: bytes) -> int:
    """Where in its file the index begins, from the last ``FOOT`` bytes of the file."""
    return _read_foot(foot)[0]


def read_index(data: bytes) -> Index:
    """The index, from all bytes of the file from where it begins.

    Raises ``LogUnreadable`` for anything else.
    """
    begin, length = _read_foot(data[-FOOT:])
    packed = b"".join(_extras(data[:-FOOT]))
    if len(packed) != length:
        raise LogUnreadable("the index of a stored log is damaged")
    try:
        decoder = zlib.decompressobj()
        plain = decoder.decompress(packed, _LARGEST)
        index = from_msgpack(plain, Index)
    except (zlib.error, msgspec.DecodeError) as error:
        raise LogUnreadable(f"the index of a stored log is damaged: {error}") from error
    if sum(frame.packed for frame in index.frames) != begin or not decoder.eof:
        raise LogUnreadable("the index of a stored log does not fit its frames")
    return index


def read_frame(packed: bytes, frame: Frame) -> bytes:
    """The bytes of the log in a frame; raises ``LogUnreadable``."""
    return unpack(packed, frame.size, GZIP)


def blocks_of(index: Index) -> list[Block]:
    """The frames as blocks of the log."""
    blocks: list[Block] = []
    offset, newlines, torn = 0, 0, False
    for frame in index.frames:
        is_open = index.open if len(blocks) == len(index.frames) - 1 else not frame.newlines
        block = Block(
            offset=offset,
            size=frame.size,
            line=newlines + 1,
            newlines=frame.newlines,
            torn=torn,
            open=is_open,
            style=frame.style,
        )
        blocks.append(block)
        offset, newlines, torn = block.end, newlines + frame.newlines, is_open
    return blocks


def marks_of(index: Index) -> list[Mark]:
    """Where which step writes."""
    return [Mark(step=step, offset=offset, line=line) for step, offset, line in index.marks]


def _member(extra: bytes) -> bytes:
    length = len(extra)
    return _HEADER.pack(b"\x1f\x8b\x08\x04", 0, 0, 255, length + 4, b"FL", length) + extra + _EMPTY


def _extras(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        extra = _extra(data, at)
        yield extra
        at += _AROUND + len(extra)


def _extra(data: bytes, at: int) -> bytes:
    """The extra field of the empty member at ``at``."""
    try:
        magic, _, _, _, outer, name, length = _HEADER.unpack_from(data, at)
    except struct.error as error:
        raise LogUnreadable("a stored log is cut off") from error
    if (magic, name, outer) != (b"\x1f\x8b\x08\x04", b"FL", length + 4):
        raise LogUnreadable("this is no stored log, or its end is damaged")
    return data[at + _HEADER.size :][:length]


def _read_foot(foot: bytes) -> tuple[int, int]:
    extra = _extra(foot, 0)
    if len(extra) != _FOOT.size:
        raise LogUnreadable("this is no stored log, or its end is damaged")
    magic, version, begin, length = _FOOT.unpack(extra)
    if magic != _MAGIC or version != VERSION:
        raise LogUnreadable("this stored log is of another version of Fairlead")
    return begin, length
