"""Where the bytes of logs go while a build runs, and how a whole log leaves the database."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import inf
from typing import Protocol
from uuid import uuid4

import msgspec
from django.db.models.functions import Now

from fairlead.server.logs.chunks import Chunk
from fairlead.server.logs.compact import compact
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.storage import Storage
from fairlead.server.store.livelogs import AttemptChunks
from fairlead.server.store.models import LogChunk

log = logging.getLogger(__name__)

Compact = Callable[[int, Sequence[Chunk]], object]

_REMEMBERED = 1 << 20
"""Compressed bytes of an attempt's chunks that are remembered until its log is one file."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that step ``step`` wrote; they are the attempt's log from byte ``start``."""

    attempt: int
    step: int
    start: int
    data: bytes


class LogSink(Protocol):
    """Takes the logs of one build. Called from one thread; ``attempt`` is a row's id."""

    def take(self, pieces: list[Piece]) -> list[tuple[int, Chunk]]:
        """What pieces, each once and in order, come to: attempts and chunks to be stored."""
        ...

    def finish(self, attempt: int) -> None:
        """The attempt's log is whole, and committed; outside of any transaction."""
        ...


def _nothing(_attempt: int, _chunks: Sequence[Chunk]) -> None:
    """Leave the chunks where they are."""


class ChunkSink:
    """Compressed chunks, up to ``limit`` bytes an attempt.

    ``compacted`` is called with a finished attempt and its chunks, where they were few enough to
    be remembered, and makes one file of them or has that made elsewhere: it must not take long.
    """

    def __init__(self, *, limit: int = 1 << 30, compacted: Compact = _nothing) -> None:
        self._limit = limit
        self._compacted = compacted
        self._gatherers: dict[int, Gatherer] = {}
        self._remembered: dict[int, list[Chunk]] = {}

    def take(self, pieces: list[Piece]) -> list[tuple[int, Chunk]]:
        """Append to the logs of the attempts that the pieces belong to."""
        taken: list[tuple[int, Chunk]] = []
        for piece in pieces:
            gatherer = self._gatherers.get(piece.attempt)
            if gatherer is None:
                # Nothing waits for a time: the recorder has gathered for as long as it may.
                gatherer = Gatherer(seconds=inf, limit=self._limit)
                self._gatherers[piece.attempt] = gatherer
            taken += ((piece.attempt, c) for c in gatherer.feed(piece.step, piece.data, -inf))
        for attempt in {piece.attempt: None for piece in pieces}:
            taken += ((attempt, chunk) for chunk in self._gatherers[attempt].finish())
        for attempt, chunk in taken:
            self._remember(attempt, chunk)
        return taken

    def _remember(self, attempt: int, chunk: Chunk) -> None:
        known = self._remembered.setdefault(attempt, [])
        if chunk.offset == 0 or known:
            known.append(chunk)
        if sum(len(chunk.data) for chunk in known) > _REMEMBERED:
            known.clear()

    def finish(self, attempt: int) -> None:
        """Have the chunks compacted."""
        self._gatherers.pop(attempt, None)
        self._compacted(attempt, self._remembered.pop(attempt, []))


def compact_attempt(attempt: int, storage: Storage, chunks: Sequence[Chunk] = ()) -> None:
    """Make one file of an attempt's log. What goes wrong is logged: the chunks stay readable.

    ``chunks`` are those of the log, all of them, where they are at hand. Two that do this at once
    each make a file of their own, and one of the files stays.
    """
    name = log_name(attempt)
    try:
        if chunks or LogChunk.objects.filter(attempt_id=attempt).exists():
            compact(AttemptChunks(attempt, remembered=chunks), storage, name)
    except LogMissing:
        # Another was faster, or the attempt is gone: nobody knows our file.
        storage.remove(name)
    except Exception as error:  # noqa: BLE001 — it is tried again by whoever finds the chunks
        log.warning("the log of attempt %s is not compacted: %s", attempt, error)


def log_name(attempt: int) -> str:
    """Where storage keeps the log of an attempt: a name that nobody else makes."""
    return f"logs/{attempt // 1000}/{attempt}-{uuid4().hex[:8]}.gz"


def compact_left_behind(storage: Storage, *, age: float = 60.0, most: int = 100) -> int:
    """Compact logs of attempts that ended ``age`` seconds ago and still lie in chunks.

    Their worker was killed, or storage was full. Returns how many there were.
    """
    before = Now() - timedelta(seconds=age)
    rows = LogChunk.objects.filter(start=0, attempt__finished__lt=before)
    found = list(rows.order_by("attempt_id").values_list("attempt_id", flat=True)[:most])
    for attempt in found:
        compact_attempt(attempt, storage)
    return len(found)
