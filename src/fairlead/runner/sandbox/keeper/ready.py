"""Waiting for whichever of some descriptors can be read."""

from __future__ import annotations

import select


class Ready:
    """An endless walk over descriptors that can be read or were closed at the other end."""

    def __init__(self, *handles: int) -> None:
        self._poll = select.poll()
        for handle in handles:
            self._poll.register(handle, select.POLLIN)
        self._waiting: list[int] = []

    def __iter__(self) -> Ready:
        return self

    def __next__(self) -> int:
        while not self._waiting:
            self._waiting = [handle for handle, _ in self._poll.poll()]
        return self._waiting.pop()

    def forget(self, handle: int) -> None:
        """Look at this one no more."""
        self._poll.unregister(handle)
        self._waiting = [other for other in self._waiting if other != handle]
