"""A live stream that is taken up again wherever it broke off."""

import time
from collections.abc import Callable, Iterator

from fairlead.client.errors import ServerRefused, ServerUnreachable
from fairlead.client.http import Connection
from fairlead.client.sse import EventReader, ServerEvent

LOOK = "look"
"""The event, of our own, that says: something may have been missed, so look for yourself."""

_SILENCE = 45.0
_PAUSE = 1.0


def listen(
    connection: Connection, address: Callable[[], str], position: Callable[[], str] = lambda: ""
) -> Iterator[ServerEvent]:
    """The events of a stream, for ever: who listens stops when they have heard enough.

    ``address`` asks the API for the stream's address, whose token does not last; ``position``
    is the id of an event that the listener is past. Before each connection comes a ``LOOK``,
    also when a proxy or a server cut the last one off: so who looks then never depends on the
    stream alone. Raises ``ServerUnreachable`` and ``ServerRefused`` where ``address`` does.
    """
    reader = EventReader()
    url = ""
    while True:
        began = time.monotonic()
        url = url or address()
        yield ServerEvent(LOOK, "", reader.last_id)
        reader = EventReader(position() or reader.last_id)
        try:
            yield from _connected(connection, url, reader)
        except ServerRefused:
            url = ""  # its token may be too old; a server that has no streams is looked at
        except ServerUnreachable:
            pass
        rest = (reader.retry or _PAUSE) - (time.monotonic() - began)
        time.sleep(max(rest, 0.05))


def _connected(connection: Connection, url: str, reader: EventReader) -> Iterator[ServerEvent]:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if reader.last_id:
        headers["Last-Event-ID"] = reader.last_id
    with connection.stream(url, headers=headers, silence=_SILENCE) as answer:
        for piece in answer.iter_bytes():
            yield from reader.feed(piece)
