"""Connections that sleep until the database has something to say."""

from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import PQGen

RV = TypeVar("RV")

_INTERVAL = 60.0


class Patient(AsyncConnection[Any]):
    """As shipped, but it does not wake ten times a second while it waits.

    Upstream looks that often whether Ctrl-C was pressed; a coroutine is cancelled at once anyway.
    For a worker that only listens this was most of what it did.
    """

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = _INTERVAL,
        timeout: float | None = None,  # noqa: ASYNC109 — as upstream has it
    ) -> RV:
        """Wait for what the database says next, or for ``timeout`` seconds."""
        return await super().wait(gen, max(interval, _INTERVAL), timeout)
