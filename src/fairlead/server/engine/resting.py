"""What a worker keeps ready for its next build, let go when none comes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AFTER = 20.0
"""Seconds; a box is made again in a tenth of one, and its processes take 8 MiB."""


class Rest:
    """Calls ``let_go`` when nothing was at work for ``after`` seconds. For one event loop."""

    def __init__(self, let_go: Callable[[], object], after: float = AFTER) -> None:
        self._let_go = let_go
        self._after = after
        self._going = 0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep what there is."""
        self.stop()
        self._going += 1
        try:
            yield
        finally:
            self._going -= 1
            if not self._going:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._after, self._let_go)

    def stop(self) -> None:
        """Let nothing go any more, until the next work has ended."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
