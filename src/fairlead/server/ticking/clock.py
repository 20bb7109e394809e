"""One look at what is due; what it finds is done beside, so that a slow remote holds nothing up."""

import logging
import threading
from datetime import datetime
from functools import cache

from django.db import DatabaseError, InterfaceError, connections

from fairlead.server.configuration import Configuration
from fairlead.server.store.models import Recurrence
from fairlead.server.ticking import polls, rows, schedules
from fairlead.server.ticking.due import Due, claimed, find

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Schedules, and as many looks at remotes, that one process does at once.

Each has a connection of the database's meanwhile, and a worker beside it needs some, too.
"""


class Clock:
    """What one process has under way."""

    def __init__(self, told: Configuration) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._going: dict[tuple[int, str], threading.Thread] = {}

    def tick(self, now: datetime | None = None) -> None:
        """Begin what is due, at most ``AT_ONCE`` of a kind; the rest follows on these."""
        for due in find(now):
            with self._lock:
                same = sum(kind == due.kind for _, kind in self._going)
                if same >= AT_ONCE or due.name in self._going:
                    continue
                thread = self._thread(due, now)
                self._going[due.name] = thread
            thread.start()

    def _thread(self, due: Due, now: datetime | None) -> threading.Thread:
        # A daemon: a remote that does not answer must not keep us from ending.
        return threading.Thread(target=self._go, args=(due, now), daemon=True, name="due")

    def join(self) -> None:
        """Wait for what was begun, and what followed on it."""
        while going := self._under_way():
            for thread in going:
                thread.join()

    def _under_way(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._going.values())

    def _go(self, due: Due | None, now: datetime | None) -> None:
        while due is not None:
            following = None
            try:
                if carry_out(self._told, due):
                    following = self._following(due, now)
            except Exception as error:  # noqa: BLE001 — the next look finds it again
                log.warning("what was due of project %s: %s", due.project_id, error)
            finally:
                connections.close_all()
                with self._lock:
                    del self._going[due.name]
            due = following

    def _following(self, done: Due, now: datetime | None) -> Due | None:
        """What is due of the same kind and nobody does yet; from now on we do."""
        for due in find(now):
            with self._lock:
                if due.kind == done.kind and due.name not in self._going:
                    self._going[due.name] = threading.current_thread()
                    return due
        return None


def carry_out(told: Configuration, due: Due) -> bool:
    """Do one thing; false where another process does it, or has done it.

    Raises what the database raises; all else is written down beside the project.
    """
    with claimed(due) as ours:
        if not ours:
            return False
        work = schedules if due.kind == Recurrence.Kind.CRON else polls
        try:
            work.carry_out(told, due)
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:
            log.exception("what was due of project %s", due.project_id)
            rows.fail(rows.read(due), due, f"internal error: {type(error).__name__}: {error}")
        return True


@cache
def _clock(told: Configuration) -> Clock:
    return Clock(told)


def tick(told: Configuration) -> None:
    """Begin what is due by now; to be called every few seconds, by any number of processes.

    Returns at once; one query where nothing is due. Raises what the database raises.
    """
    _clock(told).tick()
