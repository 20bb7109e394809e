"""``/internal/storage/<name>``: where workers on other hosts store files and read them.

PUT, GET with a Range of one part, HEAD and DELETE (RFC 9110), for tokens of scope WORKER. Raw
ASGI: a body goes from the socket into the storage piece by piece, at the pace of the storage.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import msgspec
from django.conf import settings

from fairlead.errors import FairleadError, StoreError
from fairlead.server.logs.errors import LogMissing
from fairlead.server.storage.opening import own_storage
from fairlead.server.threads import Threads

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/internal/storage/"
_NAME = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*", re.ASCII)
_LONGEST = 300
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)
_BLOCK = 1 << 20
_NOTHING = 204
_RANGED = (206, 416)
_SILENCE = 60.0
"""Seconds that a body may pause."""

# Of our own: an upload that stalls must not take the threads that pages are made in.
in_thread = Threads(8, "storage")


class Cut(Exception):
    """A body that ended early, or is not of the size it was said to be."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` is the size of the file where ``first`` is given: bytes of it from there on."""

    status: int
    text: str = ""
    first: int = 0
    length: int = -1
    total: int = -1


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one request."""
    request = _Request(scope, receive)
    try:
        answer = await request.answer()
    except Cut as error:
        answer = Answer(status=400, text=str(error))
    except LogMissing as error:
        answer = Answer(status=404, text=error.message)
    except StoreError as error:
        log.warning("a worker's file: %s", error)
        full = "No space left" in error.message or "quota" in error.message
        answer = Answer(status=507 if full else 503, text=error.message)
    except FairleadError as error:
        answer = Answer(status=400, text=error.message)
    except Exception:
        log.exception("a worker's file")
        answer = Answer(status=500, text="internal error; see the server's log")
    await _send(request, answer, send)


class _Request:
    def __init__(self, scope: Message, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.name: str = scope["path"].removeprefix(PREFIX)
        self.storage = own_storage(settings.FAIRLEAD)
        self._headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self._receive = receive
        self._read = 0

    async def answer(self) -> Answer:
        """What to say. Raises ``Cut`` and ``FairleadError``."""
        if not await in_thread(self._allowed):
            return Answer(status=401, text="a token with scope worker is needed")
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST:
            return Answer(status=400, text="not a name of a stored file")
        match self.method:
            case "PUT":
                return await self._put()
            case "GET" | "HEAD":
                return self._range(await in_thread(lambda: self.storage.size(self.name)))
            case "DELETE":
                await in_thread(lambda: self.storage.remove(self.name))
                return Answer(status=_NOTHING)
        return Answer(status=405, text="PUT, GET, HEAD and DELETE")

    def _allowed(self) -> bool:
        from fairlead.server.access import Scope, actor_of_header

        actor = actor_of_header(self._headers.get("authorization", ""))
        return actor is not None and actor.may(Scope.WORKER)

    async def _put(self) -> Answer:
        length = self._headers.get("content-length", "")
        if not length.isdecimal():
            return Answer(status=411, text="a body of a known length is needed")
        pieces = self._pieces(int(length), asyncio.get_running_loop())
        await in_thread(lambda: self.storage.write(self.name, pieces))
        return Answer(status=201)

    def _pieces(self, length: int, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
        """The body, in a thread. Raises ``Cut`` in the middle, so that nothing of it is kept."""
        more = True
        while more:
            message = asyncio.run_coroutine_threadsafe(self._next(), loop).result()
            if message["type"] != "http.request":
                raise Cut("the connection was lost before the body's end")
            more = message.get("more_body", False)
            self._read += len(message.get("body", b""))
            if self._read > length:
                break
            yield message.get("body", b"")
        if self._read != length:
            raise Cut(f"the body has {self._read} bytes or more, not {length}")

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(_SILENCE):
                return await self._receive()
        except TimeoutError:
            raise Cut(f"the body paused for {_SILENCE:.0f} s") from None

    def _range(self, total: int) -> Answer:
        found = _RANGE.fullmatch(self._headers.get("range", ""))
        if not found or self.method == "HEAD":
            return Answer(status=200, length=total, total=total)
        first = int(found[1])
        last = min(int(found[2] or total), total - 1)
        if first > last:
            return Answer(status=416, total=total)
        return Answer(status=206, first=first, length=last - first + 1, total=total)


async def _send(request: _Request, answer: Answer, send: Send) -> None:
    text = answer.text.encode("utf-8", "replace")
    whole = answer.length >= 0
    length = answer.length if whole else len(text)
    headers = [(b"cache-control", b"no-store")]
    if answer.status != _NOTHING:
        headers.append((b"content-length", str(length).encode()))
    headers.append((b"content-type", b"application/octet-stream" if whole else b"text/plain"))
    if answer.status in _RANGED:
        span = f"{answer.first}-{answer.first + length - 1}" if whole else "*"
        headers.append((b"content-range", f"bytes {span}/{answer.total}".encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if whole and request.method == "GET":
        at, end = answer.first, answer.first + answer.length
        while at < end:
            block = await in_thread(_reading(request, at, min(_BLOCK, end - at)))
            if not block:
                return  # it shrank under us: the connection is closed for want of bytes
            at += len(block)
            await send({"type": "http.response.body", "body": block, "more_body": at < end})
        if answer.length:
            return
    body = b"" if whole or request.method == "HEAD" else text
    await send({"type": "http.response.body", "body": body})


def _reading(request: _Request, offset: int, size: int) -> Callable[[], bytes]:
    return lambda: request.storage.read(request.name, offset, size)
