"""A live stream that is taken up again wherever it broke off."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from fairlead.client.errors import ServerRefused, ServerUnreachable
from fairlead.client.http import Connection
from fairlead.client.sse import EventReader, ServerEvent

if TYPE_CHECKING:
    import httpx

LOOK = "look"
"""The event, of our own, that says: something may have been missed, so look for yourself."""

_SILENCE = 45.0
_PAUSE = 1.0
_SHORTEST = 0.05


class Stream:
    """One stream of a server.

    ``address`` asks the API for the stream's address, whose token does not last; ``position`` is
    the id of an event that the listener is past.
    """

    def __init__(
        self,
        connection: Connection,
        address: Callable[[], str],
        position: Callable[[], str] = lambda: "",
    ) -> None:
        self._connection = connection
        self._address = address
        self._position = position
        self._stopped = threading.Event()
        self._answer: httpx.Response | None = None

    def events(self) -> Iterator[ServerEvent]:
        """The events, for ever: who listens stops when they have heard enough.

        Before each connection comes a ``LOOK``, also when a proxy or a server cut the last one
        off: so who looks then never depends on the stream alone. Raises what ``address`` does.
        """
        reader = EventReader()
        url = ""
        while not self._stopped.is_set():
            began = time.monotonic()
            url = url or self._address()
            yield ServerEvent(LOOK, "", reader.last_id)
            reader = EventReader(self._position() or reader.last_id)
            try:
                yield from self._connected(url, reader)
            except ServerRefused:
                url = ""  # its token may be too old; a server that has no streams is looked at
            except ServerUnreachable:
                pass
            rest = (reader.retry or _PAUSE) - (time.monotonic() - began)
            self._stopped.wait(max(rest, _SHORTEST))

    def stop(self) -> None:
        """End ``events`` in another thread, which may be waiting for the server."""
        self._stopped.set()
        if self._answer is not None:
            with suppress(OSError, AttributeError):
                network = self._answer.extensions["network_stream"]
                network.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _connected(self, url: str, reader: EventReader) -> Iterator[ServerEvent]:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if reader.last_id:
            headers["Last-Event-ID"] = reader.last_id
        with self._connection.stream(url, headers=headers, silence=_SILENCE) as answer:
            self._answer = answer
            try:
                for piece in answer.iter_bytes():
                    yield from reader.feed(piece)
            finally:
                self._answer = None


@contextmanager
def looking(stream: Stream, every: float) -> Iterator[Iterator[ServerEvent]]:
    """The events of a stream, and a ``LOOK`` wherever there was none for ``every`` seconds."""
    heard: SimpleQueue[ServerEvent | Exception] = SimpleQueue()

    def listen() -> None:
        try:
            for event in stream.events():
                heard.put(event)
        except Exception as error:  # noqa: BLE001 — it is raised where somebody listens
            heard.put(error)

    def events() -> Iterator[ServerEvent]:
        while True:
            try:
                event = heard.get(timeout=every)
            except Empty:
                event = ServerEvent(LOOK, "")
            if isinstance(event, Exception):
                raise event
            yield event

    thread = threading.Thread(target=listen, name="stream", daemon=True)
    thread.start()
    try:
        yield events()
    finally:
        stream.stop()
        thread.join(1.0)
