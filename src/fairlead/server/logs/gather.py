"""Bytes of running steps gathered into chunks: by size and by time, up to a limit that is said."""

from fairlead.server.logs.blocks import Mark, Surveyor
from fairlead.server.logs.chunks import Chunk, pack

SIZE = 512 << 10
SECONDS = 0.2
MANY = 5000  # chunks after which they get rarer: a page reads the heads of all


class Gatherer:
    """Makes the chunks of one attempt's log; stores nothing and reads no clock.

    A chunk is complete with ``size`` bytes, or when its first byte has waited until ``due``: at
    once after a silence of ``seconds``, so that a first line does not wait. ``seconds`` grows after
    thousands of chunks: a program that prints a dot at a time for hours would make too many.
    After ``limit`` bytes one line says so, and the rest is dropped.

    Times are seconds of any clock that never goes back. A chunk that could not be stored is to be
    stored again as it is, before the next one.
    """

    def __init__(self, *, size: int = SIZE, seconds: float = SECONDS, limit: int = 1 << 30) -> None:
        self._size = size
        self._seconds = seconds
        self._limit = limit
        self._surveyor = Surveyor()
        self._step: int | None = None
        self._pending = bytearray()
        self._marks: list[tuple[int, int]] = []
        self._taken = 0
        self._full = False
        self._ready = float("-inf")
        self._made = 0

    @property
    def due(self) -> float | None:
        """When to call ``tick``; ``None`` while nothing waits."""
        return self._ready if self._pending else None

    def feed(self, step: int, data: bytes, now: float) -> list[Chunk]:
        """Take bytes of a step (from 0; -1 is none); the chunks that they complete."""
        data = self._limited(data)
        if not data:
            return []
        if step != self._step:
            self._step = step
            self._marks.append((step, len(self._pending)))
        self._pending += data
        chunks = []
        while len(self._pending) >= self._size:
            chunks.append(self._seal(self._size, now))
        return chunks + self.tick(now)

    def tick(self, now: float) -> list[Chunk]:
        """The chunk whose time has come, if any."""
        return self.finish(now) if self._pending and now >= self._ready else []

    def finish(self, now: float = 0.0) -> list[Chunk]:
        """What waits, as a last chunk."""
        return [self._seal(len(self._pending), now)] if self._pending else []

    def _limited(self, data: bytes) -> bytes:
        if self._full:
            return b""
        if self._taken + len(data) > self._limit:
            self._full = True
            data = data[: self._limit - self._taken]
            data += f"\n[log limit of {self._limit} bytes reached: the rest is left out]\n".encode()
        self._taken += len(data)
        return data

    def _seal(self, size: int, now: float) -> Chunk:
        data = bytes(self._pending[:size])
        del self._pending[:size]
        self._made += 1
        self._ready = now + self._seconds * (1 + self._made // MANY)
        block = self._surveyor.measure(data)
        # All marks lie in this chunk: what had been pending before was smaller than one.
        marks = [
            Mark(step=step, offset=block.offset + at, line=block.line + data.count(b"\n", 0, at))
            for step, at in self._marks
        ]
        self._marks.clear()
        return pack(block, marks, data)
