"""What a scheduler does over and over, one thing after the other."""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import connections

log = logging.getLogger(__name__)


class Rounds:
    """``chores`` are pairs of seconds and what to call when they have passed, then again.

    One that takes longer than its seconds is not made up for: the next time is counted from its
    end.
    """

    def __init__(
        self,
        chores: Sequence[tuple[float, Callable[[], object]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._chores = tuple(chores)
        now = clock()
        self._due = [now + every for every, _ in self._chores]

    def pause(self) -> float:
        """Seconds until something is due."""
        return max(0.0, min(self._due) - self._clock())

    def go(self) -> None:
        """Do the one thing that is due for longest; what fails is logged and comes again."""
        place = self._due.index(min(self._due))
        every, chore = self._chores[place]
        if self._due[place] > self._clock():
            return
        try:
            chore()
        except Exception as error:  # noqa: BLE001 — the database may be away for a while
            log.warning("%s: %s", getattr(chore, "__qualname__", chore), error)
        finally:
            connections.close_all()
        self._due[place] = self._clock() + every
