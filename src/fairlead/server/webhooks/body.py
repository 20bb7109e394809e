"""Bodies from strangers: never more than the limit, nor too many large ones at once."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fairlead.errors import WebhookTooLarge, WebhookUnreadable
from fairlead.triggers.request import BODY_LIMIT

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

SMALL = 64 << 10
"""Bytes of a body that are always taken; what forges send is mostly a quarter of it."""
ROOM = 128 << 20
"""Bytes that all larger bodies may have together while they arrive."""
SECONDS = 30.0
"""For how long a body may arrive."""


class Busy(Exception):
    """Too much arrives at once."""


class Bodies:
    """Reads bodies and keeps count of what they take; for one event loop."""

    def __init__(
        self, *, limit: int = BODY_LIMIT, room: int = ROOM, seconds: float = SECONDS
    ) -> None:
        self._limit = limit
        self._room = room
        self._seconds = seconds

    async def read(self, receive: Receive, length: str) -> bytes:
        """A whole body, of which ``length`` is the header Content-Length, or empty.

        Raises ``WebhookTooLarge`` as soon as there is more than the limit, ``WebhookUnreadable``
        for one that does not end in time or whose connection is lost, and ``Busy``.
        """
        if length.isdecimal() and int(length[:20]) > self._limit:
            raise self._too_large()
        body = bytearray()
        taken = 0
        try:
            async with asyncio.timeout(self._seconds):
                more = True
                while more:
                    piece, more = await _piece(receive)
                    body += piece
                    taken += self._take(len(body) - SMALL - taken)
                    if len(body) > self._limit:
                        raise self._too_large()
        except TimeoutError:
            text = f"the body took more than {self._seconds:.0f} s to arrive"
            raise WebhookUnreadable(text) from None
        finally:
            self._room += taken
        return bytes(body)

    def _take(self, size: int) -> int:
        if size <= 0:
            return 0
        if size > self._room:
            raise Busy
        self._room -= size
        return size

    def _too_large(self) -> WebhookTooLarge:
        return WebhookTooLarge(
            f"the delivery has over {self._limit:,} bytes, which is the most that are read",
            hint="push fewer commits at once, or start the build by hand",
        )


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise WebhookUnreadable("the connection was lost before the body's end")
    return message.get("body", b""), message.get("more_body", False)
