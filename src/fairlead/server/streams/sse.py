"""Server-sent events: how they are written, and how a response of them is carried on and ended.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from fairlead.server.streams.tasks import end

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Events = AsyncGenerator[bytes, None]

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy takes a stream for dead."""
BEAT = b":\n\n"
PATIENCE = 30.0
"""Seconds that a reader may take before it accepts more; then it is dropped."""

_RETRY = b"retry: 1000\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Compression would hold events back until there is enough to compress.
    (b"content-encoding", b"identity"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def event(name: str, data: str, *, offset: int | None = None) -> bytes:
    """An event; ``data`` without line ends. A reader comes back with the last ``offset``."""
    place = "" if offset is None else f"id: {offset}\n"
    return f"{place}event: {name}\ndata: {data}\n\n".encode()


async def refuse(send: Send, status: int, text: str) -> None:
    """Answer without a stream."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if status == 503:  # noqa: PLR2004
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def carry(receive: Receive, send: Send, events: Events, closing: asyncio.Event) -> None:
    """Send ``events`` until they end, the reader is gone or too slow, or ``closing`` is set."""
    writing = asyncio.create_task(_write(send, events))
    gone = asyncio.create_task(_gone(receive))
    stopping = asyncio.create_task(_set(closing))
    try:
        await asyncio.wait((writing, gone, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(writing, gone, stopping)
    error = None if writing.cancelled() else writing.exception()
    if isinstance(error, TimeoutError):
        _drop(send)
    elif error is not None:
        raise error
    elif gone.cancelled():
        await _finish(send)


async def _write(send: Send, events: Events) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await _put(send, _RETRY)
    async with aclosing(events):
        async for data in events:
            await _put(send, data)


async def _put(send: Send, data: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _finish(send: Send) -> None:
    try:
        async with asyncio.timeout(1.0):
            await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        _drop(send)


def _drop(send: Send) -> None:
    """Cut a reader off that accepts nothing.

    ASGI has no word for it, and uvicorn alone would wait for what is buffered to be accepted,
    for ever and also when it is to stop.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
