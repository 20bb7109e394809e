"""Pauses of who works for a build and waits for another machine: they end when the build does."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from fairlead.errors import FairleadError


class Switch(Protocol):
    """What ends a build: ``fd`` becomes readable then, and ``reason`` says why."""

    fd: int
    reason: str


_heeded: ContextVar[Switch | None] = ContextVar("heeded", default=None)


@contextmanager
def heeding(switch: Switch) -> Iterator[None]:
    """Pauses of this thread end with ``switch``."""
    token = _heeded.set(switch)
    try:
        yield
    finally:
        _heeded.reset(token)


def pause(seconds: float) -> None:
    """Sleep. Raises ``FairleadError`` with the reason, as soon as the thread's build is to end."""
    switch = _heeded.get()
    if switch is None:
        time.sleep(seconds)
        return
    poll = select.poll()
    poll.register(switch.fd, select.POLLIN)
    if poll.poll(seconds * 1000):
        raise FairleadError(switch.reason)
