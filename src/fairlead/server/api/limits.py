"""How many requests somebody may send: buckets of tokens, in the memory of this process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

import msgspec

_MOST = 10_000


class Left(msgspec.Struct, frozen=True):
    """What a request left: ``limit`` a minute, ``remaining`` now, all again in ``reset`` seconds.

    ``wait`` is 0 where the request is allowed, else after how many seconds the next one is.
    """

    limit: int
    remaining: int
    reset: int
    wait: int = 0


class Limiter:
    """A bucket for each key, of ``most`` keys; the one longest unused is forgotten first."""

    def __init__(self, most: int = _MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, limit: int) -> Left:
        """Count a request of ``key``; ``limit`` a minute go through, all of them at once too."""
        now = self._clock()
        with self._lock:
            level, then = self._buckets.pop(key, (float(limit), now))
            level = min(float(limit), level + max(0.0, now - then) * limit / 60)
            allowed = level >= 1
            level -= allowed
            self._buckets[key] = (level, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        wait = 0 if allowed else max(1, ceil((1 - level) * 60 / limit))
        return Left(limit, int(level), ceil((limit - level) * 60 / limit), wait)

    def __len__(self) -> int:
        return len(self._buckets)
