"""The sink of a worker: stores a run's events in batches, each whole, each once, if it may.

A batch moves the build's ``recorded`` from what was stored to what will be, in the one statement
that stores all of it and asks for our job id. It does nothing when the build was given to another
worker (``Fenced``), and tells, when an answer was lost, whether the batch had arrived.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from fairlead.errors import FairleadError
from fairlead.model import Event, Output, RunFinished, TestFinished
from fairlead.server.engine.logsink import LogSink
from fairlead.server.engine.rows import Batch, Rows
from fairlead.server.engine.tables import AWAY, WIPE
from fairlead.server.store.asking import direct
from fairlead.server.store.models import Build, State

log = logging.getLogger(__name__)

_RETRY = 0.3
_MOST = 5000
_CALM = 3
"""How many times longer than lines and tests all else may wait: phases, steps, jobs."""


class Fenced(FairleadError):
    """The build is another worker's now, or has its verdict: nothing more is stored."""


class Recorder:
    """Takes events (``emit``) and stores them from a thread of its own, every ``flush`` seconds.

    What people wait for is stored at once: the first line after a silence, and the verdict. Where
    nothing was written and no test ended, what else happened is stored less often.
    ``close`` waits until all is stored; ``abandon`` drops what is not. Where storing is refused,
    ``refused`` holds why and everything later is dropped.
    """

    def __init__(self, build: Build, sink: LogSink, *, flush: float) -> None:
        self._build_id = build.pk
        self._job_id = build.job_id
        self._sink = sink
        self._flush = flush
        self._rows = Rows(
            build.pk, build.project_id, takeovers=build.takeovers, now=_since(build.started)
        )
        self._recorded = build.recorded
        self._changed = threading.Condition()
        self._waiting: list[Event] = []
        self._urgent = self._live = False
        self._stored_at = time.monotonic()
        self._told_at = 0.0
        self._closing = False
        self._abandoned = threading.Event()
        self.refused: Exception | None = None
        self._thread = threading.Thread(target=self._work, name=f"recording build {build.pk}")
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Take an event; never waits for the database."""
        with self._changed:
            if self.refused is not None or self._abandoned.is_set():
                return
            self._waiting.append(event)
            live = isinstance(event, Output | TestFinished)
            if self._is_urgent(event):
                self._urgent = True
                self._changed.notify()
            elif len(self._waiting) == 1 or live > self._live:
                self._changed.notify()
            self._live = self._live or live

    def _is_urgent(self, event: Event) -> bool:
        if isinstance(event, Output):
            now = time.monotonic()
            silent, self._told_at = now - self._told_at, now
            return silent > self._flush
        return isinstance(event, RunFinished)

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
            while events := self._next():
                if (batch := self._made(events)) is not None:
                    self._store_for_sure(batch)
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

    def _next(self) -> list[Event]:
        """The events of the next batch, when it is time for it; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            self._changed.wait_for(lambda: self._live or self._pressing, self._rest(_CALM))
            self._changed.wait_for(lambda: self._pressing, self._rest())
            if self._abandoned.is_set():
                return []
            events, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            self._urgent = self._live = bool(self._waiting)
            return events

    @property
    def _pressing(self) -> bool:
        return self._urgent or self._ending

    def _rest(self, times: int = 1) -> float:
        """Seconds until a batch is due, where it comes every ``times`` ``flush``."""
        return max(0.0, self._stored_at + times * self._flush - time.monotonic())

    def _made(self, events: Sequence[Event]) -> Batch | None:
        """Events as changes, with the ids that takes; ``None`` when abandoned meanwhile."""
        while not self._abandoned.is_set():
            try:
                self._rows.reserve(events)
            except AWAY as error:
                self._wait_for_database(error)
            else:
                batch = self._rows.apply(events)
                for attempt, chunk in self._sink.take(batch.pieces):
                    batch.changes.log(attempt, chunk)
                return batch
        return None

    def _store_for_sure(self, batch: Batch) -> None:
        """Store a batch through times without a database, until abandoned."""
        while not self._abandoned.is_set():
            try:
                self._store(batch)
            except AWAY as error:
                self._wait_for_database(error)
            else:
                self._stored(batch)
                return

    def _wait_for_database(self, error: Exception) -> None:
        log.warning("build %s is not recorded yet: %s", self._build_id, error)
        connection.close()
        self._abandoned.wait(_RETRY)

    def _store(self, batch: Batch) -> None:
        """One try, or nothing where one before had arrived; raises ``Fenced``."""
        raw = direct()
        cursor = psycopg.Cursor(raw)
        if batch.changes.wiped:
            self._wipe(raw)
        fence = {
            "id": self._build_id,
            "job_id": self._job_id,
            "state": State.RUNNING.value,
            "recorded": self._recorded,
        }
        after = self._recorded + batch.count
        batch.changes.build["recorded"] = after
        cursor.execute(*batch.changes.statement(fence), prepare=True)
        if not cursor.fetchone():
            cursor.execute(_ARRIVED, (self._build_id, self._job_id, after))
            if not cursor.fetchone():
                raise Fenced(f"build {self._build_id} is not this worker's any more")

    def _wipe(self, raw: psycopg.Connection[Any]) -> None:
        """Remove what a run that was given up left; again, where that was done, is no harm."""
        with raw.transaction():
            cursor = psycopg.Cursor(raw)
            ours = (self._build_id, self._job_id, self._recorded)
            cursor.execute(_OURS, ours)
            for statement in WIPE if cursor.fetchone() else ():
                cursor.execute(statement, (self._build_id,))

    def _stored(self, batch: Batch) -> None:
        self._recorded += batch.count
        self._stored_at = time.monotonic()
        for attempt in batch.finished:
            try:
                self._sink.finish(attempt)
            except Exception:
                # The log stays in its chunks, where it can be read as well.
                log.exception("the log of attempt %s is not compacted", attempt)


def _since(started: datetime | None) -> Callable[[], datetime]:
    """The database's clock, which was at ``started`` a moment ago: by how long we have worked."""
    begun, at = time.monotonic(), started or timezone.now()
    return lambda: at + timedelta(seconds=time.monotonic() - begun)


_ARRIVED = "SELECT 1 FROM store_build WHERE id = %s AND job_id = %s AND recorded = %s"
_OURS = _ARRIVED + " AND state = 'running' FOR UPDATE"
