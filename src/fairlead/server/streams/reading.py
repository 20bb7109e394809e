"""Reading on in an attempt's log from a byte offset, wherever the log lies at the moment."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fairlead.model import Value
from fairlead.server.logs.blocks import Log, Mark, size
from fairlead.server.logs.chunks import LiveLog, Stored
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.follow import Follower, Update
from fairlead.server.logs.render import Rendered
from fairlead.server.logs.storage import Storage
from fairlead.server.streams.database import Database
from fairlead.server.streams.rows import steps_html

PIECE = 64 << 10
"""Bytes that are rendered at once: some milliseconds, in which nobody else is served."""

# One statement sees the state, and the chunks or the file, as of one moment. An attempt whose
# workers were lost for good stays as it was: it is over with its build.
_CHUNKS = """
SELECT a.state = 'running' AND b.state IN ('held', 'queued', 'running'), a.log,
    c.start, c.head, c.data
FROM store_attempt a JOIN store_job j ON j.id = a.job_id JOIN store_build b ON b.id = j.build_id
LEFT JOIN LATERAL (
    SELECT start, head, data FROM store_logchunk
    WHERE attempt_id = a.id AND start + size > %(offset)s AND start >= coalesce(
        (SELECT max(start) FROM store_logchunk
         WHERE attempt_id = a.id AND start <= %(offset)s), 0)
    ORDER BY start LIMIT 8
) c ON true
WHERE a.id = %(attempt)s ORDER BY c.start
"""
_STEP = """
SELECT number FROM store_step WHERE attempt_id = %(attempt)s AND "offset" <= %(offset)s
ORDER BY "offset" DESC, number DESC LIMIT 1
"""


class Piece(Value, frozen=True, kw_only=True):
    """Rows of whole lines: the bytes of the log from ``start`` to ``end``, both starts of lines."""

    start: int
    end: int
    html: str


class Fetched:
    """Some chunks of a log that were fetched already, as ``Chunks`` to be read."""

    def __init__(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        self._heads = [head for _, head, _ in rows]
        self._data = {start: data for start, _, data in rows}

    def heads(self, since: int = 0) -> Sequence[bytes]:  # noqa: ARG002 — fetched from there on
        """What the chunks say of themselves."""
        return self._heads

    def read(self, offset: int) -> bytes:
        """The bytes of a chunk."""
        return self._data[offset]

    def add(self, chunk: object) -> int:
        """Nothing is written here."""
        raise NotImplementedError

    def settle(self, stored: Stored) -> None:
        """Nothing is written here."""
        raise NotImplementedError


class _Kept:
    """A log that keeps the block that was read last: it is read on in pieces of it."""

    def __init__(self, log: Log) -> None:
        self.blocks = log.blocks
        self.marks = log.marks
        self._log = log
        self._last = -1
        self._data = b""

    def read(self, index: int) -> bytes:
        """The bytes of a block."""
        if index != self._last:
            self._last, self._data = index, self._log.read(index)
        return self._data


class Gone(Exception):
    """The attempt was removed: its build was begun again, or is not kept any longer."""


class Reader:
    """One reader of the log of an attempt, from the start of the line at ``offset`` on.

    ``offset`` moves on with what ``read`` gives; ``open`` is the line behind it that has no end
    yet; ``done`` says that the attempt is over and everything was read.
    """

    def __init__(
        self, database: Database, storage: Callable[[], Storage], attempt: int, offset: int
    ) -> None:
        self.offset = offset
        self.open = ""
        self.done = False
        self._database = database
        self._storage = storage
        self._attempt = attempt
        self._follower: Follower | None = None
        self._file: Log | None = None
        self._marks: list[Mark] = []

    async def read(self, until: int | None = None) -> AsyncIterator[Piece]:
        """What is there by now, up to offset ``until`` (the start of a line).

        Raises ``Gone``, ``StoreError`` where the log cannot be read, and ``psycopg.Error``.
        """
        log = self._file or await self._look()
        if log is None:
            return
        if self._follower is None:
            await self._begin(log)
        self._marks = _joined(self._marks, log.marks)
        async for piece in self._poll(log, until):
            yield piece
        if log is self._file:
            self.done = self._position >= size(log)

    @property
    def _position(self) -> int:
        return self._follower.position if self._follower else self.offset

    async def _look(self) -> Log | None:
        """The log as far as it is needed, or ``None`` where nothing is new."""
        values = {"attempt": self._attempt, "offset": self._position}
        rows = await self._database.fetch(_CHUNKS, values)
        if not rows:
            raise Gone
        going, name = rows[0][:2]
        if name:
            file = await asyncio.to_thread(lambda: FinishedLog(self._storage(), name))
            self._file = _Kept(file)
            return self._file
        chunks = [(start, bytes(head), bytes(data)) for *_, start, head, data in rows if head]
        if not chunks:
            self.done = not going
            return None
        return _Kept(LiveLog(Fetched(chunks), since=self._position))

    async def _begin(self, log: Log) -> None:
        values = {"attempt": self._attempt, "offset": self.offset}
        rows: Sequence[tuple[Any, ...]] = ()
        if log is not self._file:
            rows = await self._database.fetch(_STEP, values)
        self._marks = [Mark(step=rows[0][0] if rows else -1, offset=0, line=1)]
        self._follower = await asyncio.to_thread(Follower, log, self.offset)
        self.offset = self._follower.position

    async def _poll(self, log: Log, until: int | None) -> AsyncIterator[Piece]:
        follower = self._follower
        if follower is None:
            raise LogMissing("the log was not begun")
        end = size(log) if until is None else min(until, size(log))
        while follower.position < end:
            limit = min(PIECE, end - follower.position)
            if log is self._file:
                update = await asyncio.to_thread(follower.poll, log, limit)
            else:
                update = follower.poll(log, limit)
                await asyncio.sleep(0)
            if piece := self._take(update):
                yield piece

    def _take(self, update: Update) -> Piece | None:
        start, self.offset = self.offset, update.offset
        self.open = steps_html([self._with_step(update.open)]) if update.open else ""
        if not update.lines:
            return None
        html = steps_html(map(self._with_step, update.lines))
        return Piece(start=start, end=self.offset, html=html)

    def _with_step(self, line: Rendered) -> tuple[int, Rendered]:
        at = bisect_right(self._marks, line.number, key=lambda mark: mark.line) - 1
        return self._marks[max(at, 0)].step, line


def _joined(known: list[Mark], new: Sequence[Mark]) -> list[Mark]:
    """Marks in order; of those for one line the last one holds."""
    behind = known[-1].offset if len(known) > 1 else -1
    return known + [mark for mark in new if mark.offset > behind]
