"""Chunks and storage in memory: what the two Protocols mean, for tests of what uses them."""

from collections.abc import Iterable, Sequence

from fairlead.server.logs.chunks import Chunk, Stored
from fairlead.server.logs.errors import LogMissing


class MemoryChunks:
    """The chunks of one attempt; ``stored`` is what they were settled with."""

    def __init__(self) -> None:
        self.stored: Stored | None = None
        self.chunks: dict[int, Chunk] = {}

    def add(self, chunk: Chunk) -> int:
        """Append a chunk where it fits."""
        if self.stored:
            raise LogMissing("the log of a finished job takes no more chunks")
        end = max((known.offset + known.size for known in self.chunks.values()), default=0)
        if chunk.offset != end:
            return end
        self.chunks[end] = chunk
        return end + chunk.size

    def heads(self, since: int = 0) -> Sequence[bytes]:
        """What the chunks behind ``since`` say of themselves."""
        known = [self.chunks[offset] for offset in sorted(self.chunks)]
        return [chunk.head for chunk in known if chunk.offset + chunk.size > since]

    def read(self, offset: int) -> bytes:
        """The bytes of a chunk."""
        try:
            return self.chunks[offset].data
        except KeyError:
            raise LogMissing(f"there is no chunk of a log at byte {offset}") from None

    def settle(self, stored: Stored) -> None:
        """Remove the chunks."""
        self.stored = stored
        self.chunks.clear()


class MemoryStorage:
    """Files in a dictionary; ``reads`` are the ranges that were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.reads: list[tuple[int, int]] = []

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Store a file."""
        self.files[name] = b"".join(pieces)
        return len(self.files[name])

    def read(self, name: str, offset: int, size: int) -> bytes:
        """Read a range."""
        self.size(name)
        self.reads.append((offset, size))
        return self.files[name][offset : offset + size]

    def size(self, name: str) -> int:
        """The size of a file."""
        if name not in self.files:
            raise LogMissing(f"there is no stored file {name}")
        return len(self.files[name])

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.files.pop(name, None)
