"""The sink of a worker: stores a run's events in batches, each whole, each once, if it may.

A batch begins by moving the build's ``recorded`` from what was stored to what will be, in one
statement that asks for our job id. It does nothing when the build was given to another worker
(``Fenced``), holds off whoever would give it away meanwhile, and tells, when an answer was lost,
whether the batch had arrived.
"""

import logging
import threading
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, connection, transaction

from fairlead.errors import FairleadError
from fairlead.model import Event
from fairlead.server.engine.logsink import LogSink
from fairlead.server.engine.rows import Rows
from fairlead.server.store.models import Build, State
from fairlead.server.store.notify import tell

log = logging.getLogger(__name__)

_RETRY = 0.3
_MOST = 5000


class Fenced(FairleadError):
    """The build is another worker's now, or has its verdict: nothing more is stored."""


class Recorder:
    """Takes events (``emit``) and stores them from a thread of its own, every ``flush`` seconds.

    ``close`` waits until all is stored; ``abandon`` drops what is not. Where storing is refused,
    ``refused`` holds why and everything later is dropped.
    """

    def __init__(self, build: Build, sink: LogSink, *, flush: float) -> None:
        self._build_id = build.pk
        self._job_id = build.job_id
        self._sink = sink
        self._flush = flush
        self._rows = Rows(build.pk, build.project_id, takeovers=build.takeovers)
        self._recorded = build.recorded
        self._changed = threading.Condition()
        self._waiting: list[Event] = []
        self._closing = False
        self._abandoned = threading.Event()
        self.refused: Exception | None = None
        self._thread = threading.Thread(target=self._work, name=f"recording build {build.pk}")
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Take an event; never waits for the database."""
        with self._changed:
            if self.refused is None and not self._abandoned.is_set():
                self._waiting.append(event)
                self._changed.notify()

    def close(self) -> None:
        """Store what is left and end. Raises what storing was refused with."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self.refused is not None:
            raise self.refused

    def abandon(self) -> None:
        """Store nothing more, from any thread; a batch under way is ended or undone."""
        self._abandoned.set()
        with self._changed:
            self._waiting.clear()
            self._changed.notify()

    def _work(self) -> None:
        try:
            while (batch := self._next()) is not None:
                self._store_for_sure(batch)
                with self._changed:
                    self._changed.wait_for(lambda: self._ending, self._flush)
        except Exception as error:
            if not isinstance(error, Fenced):
                log.exception("build %s cannot be recorded", self._build_id)
            with self._changed:
                self.refused = error
                self._waiting.clear()
        finally:
            connection.close()

    @property
    def _ending(self) -> bool:
        return self._closing or self._abandoned.is_set()

    def _next(self) -> list[Event] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            if self._abandoned.is_set() or not self._waiting:
                return None
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            return batch

    def _store_for_sure(self, batch: Sequence[Event]) -> None:
        """Store a batch through times without a database, until abandoned."""
        tried: Rows | None = None
        while not self._abandoned.is_set():
            rows = self._rows.copy()
            try:
                if not self._store(batch, rows):
                    # Its answer was lost, but the try before this one arrived.
                    rows = tried or rows
            except (OperationalError, InterfaceError) as error:
                log.warning("build %s is not recorded yet: %s", self._build_id, error)
                connection.close()
                tried = rows
                self._abandoned.wait(_RETRY)
            else:
                self._stored(rows, len(batch))
                return

    def _store(self, batch: Sequence[Event], rows: Rows) -> bool:
        """One try. False where the batch had been stored before; raises ``Fenced``."""
        after = self._recorded + len(batch)
        with transaction.atomic():
            ours = Build.objects.filter(
                pk=self._build_id,
                job_id=self._job_id,
                state=State.RUNNING,
                recorded=self._recorded,
            )
            if not ours.update(recorded=after):
                if self._arrived(after):
                    return False
                raise Fenced(f"build {self._build_id} is not this worker's any more")
            rows.apply(batch)
            if rows.pieces:
                self._sink.write(rows.pieces)
            tell(self._build_id)
        return True

    def _arrived(self, after: int) -> bool:
        same = Build.objects.filter(pk=self._build_id, job_id=self._job_id, recorded=after)
        return after > self._recorded and same.exists()

    def _stored(self, rows: Rows, count: int) -> None:
        self._recorded += count
        finished, rows.finished, rows.pieces = rows.finished, [], []
        self._rows = rows
        for attempt in finished:
            try:
                self._sink.finish(attempt)
            except Exception:
                # The log stays in its chunks, where it can be read as well.
                log.exception("the log of attempt %s is not compacted", attempt)
