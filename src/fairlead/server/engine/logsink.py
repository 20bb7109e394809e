"""Where the bytes of logs go: a Protocol, and the plainest thing that fulfils it."""

import zlib
from typing import Protocol

import msgspec

from fairlead.server.store.models import LogChunk


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that step ``step`` wrote; they are the attempt's log from byte ``start``."""

    attempt: int
    step: int
    start: int
    data: bytes


class LogSink(Protocol):
    """Stores logs. Called from one thread a build; ``attempt`` is a row's id."""

    def write(self, pieces: list[Piece]) -> None:
        """Store pieces, inside the recording's transaction.

        What is raised undoes the batch; a database that was away has it come again, so nothing
        but rows may be changed here.
        """
        ...

    def finish(self, attempt: int) -> None:
        """The attempt's log is whole, and committed; outside of any transaction."""
        ...


class ChunkSink:
    """Rows of compressed chunks, left as they are at the end."""

    def write(self, pieces: list[Piece]) -> None:
        """One row a piece."""
        LogChunk.objects.bulk_create(
            LogChunk(
                attempt_id=piece.attempt,
                step=piece.step,
                start=piece.start,
                length=len(piece.data),
                lines=piece.data.count(b"\n"),
                data=zlib.compress(piece.data, 1),
            )
            for piece in pieces
        )

    def finish(self, attempt: int) -> None:
        """Nothing is to be done."""
