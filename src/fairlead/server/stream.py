"""The live streams as ASGI: ``/stream/log/<attempt>``, ``/stream/build/<build>``, ``/stream/all``.

They stand in front of Django: nobody who watches holds a thread or a connection.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer a request for a stream."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def lifespan(_scope: Scope, receive: Receive, send: Send) -> None:
    """Begin and end with the process that serves."""
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
