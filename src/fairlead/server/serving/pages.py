"""Django's views as ASGI, each request from its first to its last line in one thread.

Django's own handler goes to and fro between the event loop and a thread that it makes anew for
every request, once for each middleware. All our views are synchronous; what is long or many
(streams, git) stands in front of Django.
"""

import asyncio
import contextvars
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
T = TypeVar("T")

LARGEST = 32 << 20
"""Bytes of a request's body; what may be larger does not come this way."""

_THREADS = 8  # fewer than connections in the pool, so that none waits for one
_IN_MEMORY = 1 << 20
_PIECE = 1 << 16


class TooLarge(Exception):
    """A body of more than ``LARGEST`` bytes."""


class Gone(Exception):
    """Whoever asked has gone before all of it was said."""


class Pages(BaseHandler):
    """The ASGI application that Django's views and middleware make."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            try:
                await _read(receive, body)
            except Gone:
                return
            except TooLarge:
                await _send_whole(send, HttpResponse("413 Payload too large", status=413))
                return
            response = await self._apart(lambda: self._respond(scope, body))
            if isinstance(response, StreamingHttpResponse):
                await self._send_pieces(receive, send, response)
            else:
                await _send_whole(send, response)

    def _respond(self, scope: Scope, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        try:
            request = ASGIRequest(scope, body)
        except UnicodeDecodeError:
            return HttpResponse("400 Bad Request", status=400)
        response = self.get_response(request)
        if not response.streaming:
            response.close()  # here, where this thread's connections are
        return response

    async def _send_pieces(
        self, receive: Receive, send: Send, response: StreamingHttpResponse
    ) -> None:
        """Send a body as it is made, as fast as it is taken, holding no thread meanwhile."""
        gone = asyncio.ensure_future(receive())
        if isinstance(response, FileResponse):
            response.block_size = _PIECE
        try:
            await send(_start(response))
            async for piece in self._pieces(response):
                if gone.done():
                    return
                await send(_piece(piece, more=True))
            await send(_piece(b"", more=False))
        finally:
            gone.cancel()
            await self._apart(response.close)

    async def _pieces(self, response: StreamingHttpResponse) -> AsyncIterator[bytes]:
        pieces = iter(response)
        while (piece := await self._apart(lambda: _next(pieces))) is not None:
            yield piece

    async def _apart(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, contextvars.copy_context().run, work)


def _next(pieces: Any) -> bytes | None:
    try:
        return next(pieces, None)
    finally:
        close_old_connections()


async def _read(receive: Receive, body: Any) -> None:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        size += len(piece)
        if size > LARGEST:
            raise TooLarge
        body.write(piece)
        if not message.get("more_body", False):
            break
    body.seek(0)


async def _send_whole(send: Send, response: HttpResponseBase) -> None:
    await send(_start(response))
    content: bytes = response.content  # type: ignore[attr-defined] # all but streaming ones have it
    await send(_piece(content, more=False))


def _start(response: HttpResponseBase) -> Scope:
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = (cookie.output(header="").strip() for cookie in response.cookies.values())
    headers += [(b"Set-Cookie", cookie.encode("ascii")) for cookie in cookies]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


def _piece(data: bytes, *, more: bool) -> Scope:
    return {"type": "http.response.body", "body": data, "more_body": more}
