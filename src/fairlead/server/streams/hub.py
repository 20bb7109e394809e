"""Who wants to know of which build: one listening connection, fanned out."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Error

from fairlead.server.patient import Patient
from fairlead.server.store.notify import CHANNEL
from fairlead.server.streams.database import APPLICATION
from fairlead.server.streams.tasks import end

log = logging.getLogger(__name__)

_AGAIN = 0.5
_UNUSED = 10.0  # seconds after which it is seen that nobody is left


class Hub:
    """Sets the events of subscribers; they then look themselves at what is new.

    An event that is set already says as much as many messages: nothing queues up for those who
    are slow. It listens from the first subscriber on, and no longer when nobody is left. When a
    connection was made anew, everybody is told to look: something may have been missed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._events: dict[int, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def subscribed(self, build_id: int) -> Iterator[asyncio.Event]:
        """An event that is set when the build changed; 0 is for every build.

        A deployment is meant by its id below zero.
        """
        event = asyncio.Event()
        self._events.setdefault(build_id, set()).add(event)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            yield event
        finally:
            self._events[build_id].discard(event)
            if not self._events[build_id]:
                del self._events[build_id]

    async def close(self) -> None:
        """Listen no longer."""
        if self._listening is not None:
            await end(self._listening)

    async def _listen(self) -> None:
        while self._events:
            try:
                await self._hear()
            except Error as error:
                log.warning("open pages are not told of changes at the moment: %s", error)
                await asyncio.sleep(_AGAIN)

    async def _hear(self) -> None:
        connection = await Patient.connect(
            self._url,
            autocommit=True,
            application_name=APPLICATION,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            for build_id in list(self._events):
                self._tell(build_id)
            while self._events:
                async for told in connection.notifies(timeout=_UNUSED):
                    self._tell(0)
                    if told.payload.removeprefix("-").isdigit():
                        self._tell(int(told.payload))

    def _tell(self, build_id: int) -> None:
        for event in self._events.get(build_id, ()):
            event.set()
