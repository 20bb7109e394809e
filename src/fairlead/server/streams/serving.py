"""All streams of one process: what they share, how many there may be, and their end."""

import asyncio
import re
from collections.abc import Callable
from contextlib import aclosing
from urllib.parse import parse_qs

from psycopg import Error

from fairlead.server.logs.storage import Storage
from fairlead.server.streams.database import Database
from fairlead.server.streams.feed import Feed
from fairlead.server.streams.hub import Hub
from fairlead.server.streams.sse import Events, Message, Receive, Send, carry, refuse
from fairlead.server.streams.state import build_state, deployment_state
from fairlead.server.streams.tokens import read_token
from fairlead.server.streams.watching import States, Watch, watch_all, watch_one

MOST = 1000
"""Streams of one process at once."""

_WRITTEN = """
SELECT 1 FROM store_attempt a WHERE id = %(attempt)s AND (log <> '' OR EXISTS (
    SELECT FROM store_logchunk WHERE attempt_id = a.id AND start + size >= %(offset)s))
"""
_PATH = re.compile(r"/stream/(?:(log|build|deployment)/(\d{1,18})|(all))")
_LARGEST = 1 << 62


class Streams:
    """Made and used inside of one event loop."""

    def __init__(self, url: str, storage: Callable[[], Storage], *, most: int = MOST) -> None:
        self.closing = asyncio.Event()
        self.open = 0
        self._most = most
        self._storage = storage
        self._database = Database(url)
        self._hub = Hub(url)
        self._builds = States(self._database, build_state)
        self._deployments = States(self._database, deployment_state)
        self._feeds: dict[int, Feed] = {}

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, which may take hours."""
        found = _PATH.fullmatch(scope["path"])
        if found is None or scope["method"] != "GET":
            await refuse(send, 404, "there is no such stream")
            return
        kind, number = found[1] or found[3], int(found[2] or 0)
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if not read_token(asked.get("token", [""])[0], kind, number):
            await refuse(send, 403, "this needs a token that is not too old: load the page again")
        elif self.open >= self._most or self.closing.is_set():
            await refuse(send, 503, "too many streams are open: try again in a while")
        else:
            await self._carry(receive, send, self._events(kind, number, _offset(scope, asked)))

    async def close(self) -> None:
        """Close what was opened to the database."""
        self.closing.set()
        await self._hub.close()
        await self._database.close()

    async def _carry(self, receive: Receive, send: Send, events: Events) -> None:
        self.open += 1
        try:
            await carry(receive, send, events, self.closing)
        finally:
            self.open -= 1

    def _events(self, kind: str, number: int, offset: int) -> Events:
        if kind == "log":
            return self._log(number, offset)
        if kind == "deployment":
            return watch_one(self._hub, self._deployments, number, topic=-number)
        if number:
            return watch_one(self._hub, self._builds, number, topic=number)
        return watch_all(self._hub)

    async def _log(self, attempt: int, offset: int) -> Events:
        written = await self._is_written(attempt, offset)
        feed = self._feeds.get(attempt)
        if feed is None:
            feed = Feed(self._database, self._hub, self._storage, attempt)
            self._feeds[attempt] = feed
        watch = Watch(feed, offset)
        feed.join(watch.viewer, jump=written)
        try:
            async with aclosing(watch.events()) as events:
                async for data in events:
                    yield data
        finally:
            if feed.viewers == {watch.viewer}:
                del self._feeds[attempt]
            await feed.leave(watch.viewer)

    async def _is_written(self, attempt: int, offset: int) -> bool:
        """Whether a log goes so far. Who says to have seen more must not hold up the others."""
        if not offset:
            return True
        try:
            return bool(
                await self._database.fetch(_WRITTEN, {"attempt": attempt, "offset": offset})
            )
        except Error:
            return True


def _offset(scope: Message, asked: dict[str, list[str]]) -> int:
    """Where to go on: what the browser has seen last, else what the page asks for."""
    seen = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
    text = seen or asked.get("offset", ["0"])[0]
    return min(int(text), _LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004
