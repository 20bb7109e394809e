"""The chunks of an attempt's log in their table, as ``fairlead.server.logs`` wants them."""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from fairlead.server.logs.blocks import Log
from fairlead.server.logs.chunks import Chunk, LiveLog, Stored
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.storage import Storage
from fairlead.server.store.asking import ask
from fairlead.server.store.logs import LogChunk
from fairlead.server.store.models import Attempt

_SETTLE = """
WITH settled AS (
  UPDATE store_attempt SET log = %s, log_size = %s WHERE id = %s AND log IN ('', %s) RETURNING id
), gone AS (
  DELETE FROM store_logchunk WHERE attempt_id IN (SELECT id FROM settled)
)
SELECT id FROM settled, set_config('synchronous_commit', 'off', true)
"""


class AttemptChunks:
    """``Chunks`` of one attempt, by the id of its row.

    Not fenced by itself: what writes here does so inside the recording's transaction.
    ``remembered`` are all chunks in order, where whoever stored them still has them.
    """

    def __init__(self, attempt_id: int, *, remembered: Sequence[Chunk] = ()) -> None:
        self._attempt_id = attempt_id
        self._remembered = {chunk.offset: chunk for chunk in remembered}

    def add(self, chunk: Chunk) -> int:
        """Append a chunk where the log ends; returns where it ends afterwards.

        Raises ``LogMissing`` where the log is one file already.
        """
        if _finished(self._attempt_id):
            raise LogMissing("the log of a finished job takes no more chunks")
        last = self._rows().order_by("-start").values_list("start", "size").first()
        end = sum(last) if last else 0
        if chunk.offset != end:
            return end
        LogChunk.objects.create(
            attempt_id=self._attempt_id,
            start=chunk.offset,
            size=chunk.size,
            head=chunk.head,
            data=chunk.data,
        )
        return end + chunk.size

    def heads(self, since: int = 0) -> Sequence[bytes]:
        """What the chunks that end behind ``since`` say of themselves, in order."""
        if self._remembered:
            known = self._remembered.values()
            return [chunk.head for chunk in known if chunk.offset + chunk.size > since]
        rows = self._rows().alias(end=F("start") + F("size")).filter(end__gt=since)
        return [bytes(head) for head in rows.order_by("start").values_list("head", flat=True)]

    def read(self, offset: int) -> bytes:
        """The compressed bytes of one chunk; ``LogMissing`` where there is none."""
        if offset in self._remembered:
            return self._remembered[offset].data
        data = self._rows().filter(start=offset).values_list("data", flat=True).first()
        if data is None:
            raise LogMissing(f"there is no chunk of a log at byte {offset}")
        return bytes(data)

    def settle(self, stored: Stored) -> None:
        """Note where the finished log lies, and remove the chunks.

        Nobody waits for the disk: lost, it is done again. Raises ``LogMissing`` where the attempt
        is gone, with its build or a takeover, and where its log is another file already.
        """
        if not ask(_SETTLE, stored.name, stored.size, self._attempt_id, stored.name):
            raise LogMissing("the attempt was removed meanwhile, or its log is a file already")

    def _rows(self) -> QuerySet[LogChunk]:
        return LogChunk.objects.filter(attempt_id=self._attempt_id)


def open_log(attempt_id: int, storage: Storage, *, since: int = 0) -> Log:
    """An attempt's log from wherever it lies at this moment, live or finished.

    Chunks may be settled while they are read: on ``LogMissing`` open it again. With ``since`` a
    live log holds only the chunks that end behind that byte. Raises ``LogMissing`` where the
    file is gone, ``LogGap`` and ``LogUnreadable`` where what is stored is damaged.
    """
    if not (name := _finished(attempt_id)):
        live = LiveLog(AttemptChunks(attempt_id), since=since)
        # No chunks: nothing was written yet, or they have just become a file.
        if live.blocks or not (name := _finished(attempt_id)):
            return live
    return FinishedLog(storage, name)


def _finished(attempt_id: int) -> str:
    return Attempt.objects.filter(pk=attempt_id).values_list("log", flat=True).first() or ""
