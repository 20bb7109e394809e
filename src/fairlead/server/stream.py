"""The live streams as ASGI: ``/stream/log/<attempt>``, ``/stream/build/<build>``, ``/stream/all``.

They stand in front of Django: nobody who watches holds a thread or a connection. All end as soon
as the process is told to stop; browsers come back by themselves, with what they have seen last.
"""

import asyncio
import signal
import threading
from types import FrameType

from django.conf import settings

from fairlead.server.logs.storage import Storage
from fairlead.server.streams.serving import Streams
from fairlead.server.streams.sse import Message, Receive, Send

_running: dict[asyncio.AbstractEventLoop, Streams] = {}


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer a request for a stream."""
    if scope["type"] == "http":
        await _streams().answer(scope, receive, send)


async def lifespan(_scope: Message, receive: Receive, send: Send) -> None:
    """Begin and end with the process that serves."""
    while (await receive())["type"] != "lifespan.shutdown":
        _end_with_signals(_streams())
        await send({"type": "lifespan.startup.complete"})
    if streams := _running.pop(asyncio.get_running_loop(), None):
        await streams.close()
    await send({"type": "lifespan.shutdown.complete"})


def end_streams() -> None:
    """End all streams of this event loop now; what serves calls this before it waits for them."""
    _streams().closing.set()


def _streams() -> Streams:
    loop = asyncio.get_running_loop()
    if loop not in _running:
        _running[loop] = Streams(settings.FAIRLEAD.database_url, _storage)
    return _running[loop]


def _storage() -> Storage:
    from fairlead.server.storage import open_storage

    return open_storage(settings.FAIRLEAD)


def _end_with_signals(streams: Streams) -> None:
    """Hear of a stop at once: uvicorn says so only when all responses have ended."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def stop(got: int, frame: FrameType | None, before: object = before) -> None:
            loop.call_soon_threadsafe(streams.closing.set)
            if callable(before):
                before(got, frame)

        if callable(before):
            signal.signal(number, stop)
