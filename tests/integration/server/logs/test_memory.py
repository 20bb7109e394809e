"""A large log in little memory, from chunks on a disk to a file and back."""

import tracemalloc
import zlib
from contextlib import contextmanager

import msgspec

from fairlead.server.logs.blocks import Block, Surveyor, count_lines
from fairlead.server.logs.chunks import Head, pack
from fairlead.server.logs.compact import compact
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.read import read_bytes, tail
from fairlead.server.logs.search import search
from fairlead.server.logs.storage import FolderStorage

MIB = 1 << 20
CHUNK = b"".join(b"%07d\n" % number for number in range(64 << 10))
COUNT = 64


class Repeating:
    """A database with the same half megabyte over and over."""

    def __init__(self):
        self._data = zlib.compress(CHUNK, 1)
        self.stored = None

    def heads(self, since=0):
        size, newlines = len(CHUNK), CHUNK.count(b"\n")
        return [
            msgspec.json.encode(
                Head(
                    block=Block(
                        offset=n * size, size=size, line=1 + n * newlines, newlines=newlines
                    )
                )
            )
            for n in range(COUNT)
        ]

    def read(self, offset):
        return self._data

    def add(self, chunk):
        raise NotImplementedError

    def settle(self, stored):
        self.stored = stored


@contextmanager
def at_most(size):
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def test_a_log_is_compacted_and_read_in_a_small_part_of_its_size(tmp_path):
    block = Surveyor().measure(CHUNK)
    assert Repeating().heads()[0] == pack(block, (), CHUNK).head
    storage, chunks = FolderStorage(tmp_path), Repeating()
    with at_most(8 * MIB):
        compact(chunks, storage, "log")
    assert chunks.stored.size == COUNT * len(CHUNK) == 32 * MIB
    with at_most(8 * MIB):
        log = FinishedLog(storage, "log")
        assert count_lines(log) == chunks.stored.lines == COUNT * 65536
        assert sum(map(len, read_bytes(log))) == 32 * MIB
        assert [line.data for line in tail(log, 1)] == [b"0065535"]
    with at_most(16 * MIB):
        assert search(log, "nowhere", blocks=1000).next is None
