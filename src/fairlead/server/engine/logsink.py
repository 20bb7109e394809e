"""Where the bytes of logs go while a build runs, and how a whole log leaves the database."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec
from django.db import connection, connections
from django.utils import timezone

from fairlead.server.logs.chunks import Chunk
from fairlead.server.logs.compact import compact
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.storage import Storage
from fairlead.server.store.livelogs import AttemptChunks
from fairlead.server.store.models import LogChunk

log = logging.getLogger(__name__)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that step ``step`` wrote; they are the attempt's log from byte ``start``."""

    attempt: int
    step: int
    start: int
    data: bytes


class LogSink(Protocol):
    """Stores the logs of one build. Called from one thread; ``attempt`` is a row's id."""

    def write(self, pieces: list[Piece]) -> None:
        """Store pieces, inside the recording's transaction.

        What is raised undoes the batch; after a loss of the database the same pieces come again.
        """
        ...

    def finish(self, attempt: int) -> None:
        """The attempt's log is whole, and committed; outside of any transaction."""
        ...


class _Growing:
    """One attempt's log: what it was fed, and the chunks that may not be stored yet."""

    def __init__(self, limit: int) -> None:
        # No waiting for more: the recorder has gathered for as long as a reader should wait.
        self._gatherer = Gatherer(seconds=0.0, limit=limit)
        self._fed = 0
        self._begun = 0
        self.chunks: list[Chunk] = []

    def feed(self, pieces: list[Piece]) -> None:
        """Take a batch; one that begins where the last one did is the last one again."""
        if pieces[0].start != self._begun or self._fed == self._begun:
            self.chunks = []
            self._begun = pieces[0].start
        for piece in pieces:
            if piece.start >= self._fed:
                self.chunks += self._gatherer.feed(piece.step, piece.data, 0.0)
                self._fed = piece.start + len(piece.data)


class ChunkSink:
    """Rows of compressed chunks, up to ``limit`` bytes an attempt.

    ``compacted`` is called with a finished attempt, and makes one file of its chunks or has that
    made elsewhere: it must not take long.
    """

    def __init__(
        self, *, limit: int = 1 << 30, compacted: Callable[[int], object] = lambda _attempt: None
    ) -> None:
        self._limit = limit
        self._compacted = compacted
        self._growing: dict[int, _Growing] = {}

    def write(self, pieces: list[Piece]) -> None:
        """Append to the logs of the attempts that the pieces belong to."""
        by_attempt: dict[int, list[Piece]] = {}
        for piece in pieces:
            by_attempt.setdefault(piece.attempt, []).append(piece)
        rows = []
        for attempt, own in by_attempt.items():
            growing = self._growing.setdefault(attempt, _Growing(self._limit))
            growing.feed(own)
            rows += [_row(attempt, chunk) for chunk in growing.chunks]
        LogChunk.objects.bulk_create(rows)

    def finish(self, attempt: int) -> None:
        """Have the chunks compacted."""
        self._growing.pop(attempt, None)
        self._compacted(attempt)


def _row(attempt: int, chunk: Chunk) -> LogChunk:
    return LogChunk(
        attempt_id=attempt, start=chunk.offset, size=chunk.size, head=chunk.head, data=chunk.data
    )


def compact_attempt(attempt: int, storage: Storage) -> None:
    """Make one file of an attempt's log. What goes wrong is logged: the chunks stay readable.

    Calls for one attempt exclude each other: the one that comes late would find no chunks, and
    make an empty file of them.
    """
    lock = f"fairlead log {attempt}"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (lock,))
            row = cursor.fetchone()
            if not row or not row[0]:
                return
            try:
                if LogChunk.objects.filter(attempt_id=attempt).exists():
                    compact(AttemptChunks(attempt), storage, log_name(attempt))
            finally:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (lock,))
    except Exception as error:  # noqa: BLE001 — it is tried again by whoever finds the chunks
        log.warning("the log of attempt %s is not compacted: %s", attempt, error)
    finally:
        connections.close_all()


def log_name(attempt: int) -> str:
    """Where storage keeps the log of an attempt."""
    return f"logs/{attempt // 1000}/{attempt}.gz"


def compact_left_behind(storage: Storage, *, age: float = 60.0, most: int = 100) -> int:
    """Compact logs of attempts that ended ``age`` seconds ago and still lie in chunks.

    Their worker was killed, or storage was full. Returns how many there were.
    """
    before = timezone.now() - timedelta(seconds=age)
    rows = LogChunk.objects.filter(start=0, attempt__finished__lt=before)
    found = list(rows.order_by("attempt_id").values_list("attempt_id", flat=True)[:most])
    for attempt in found:
        compact_attempt(attempt, storage)
    connections.close_all()
    return len(found)
