"""The three streams: the events that one reader is sent, one after the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from psycopg import Error

from fairlead.errors import FairleadError
from fairlead.server.streams.database import Database
from fairlead.server.streams.feed import Feed, Viewer, heard
from fairlead.server.streams.hub import Hub
from fairlead.server.streams.reading import Gone, Reader
from fairlead.server.streams.sse import BEAT, HEARTBEAT, Events, event
from fairlead.server.streams.state import Changed

_AGAIN = 0.5
_MOST_KNOWN = 1000  # those whose last state is kept
_SOON, _OFTEN = 0.005, 0.25  # seconds between two events about one build, at first and later
_SHARE = 0.1  # of the time that was watched: no verdict is told later than by that
_SELDOM = 1.0  # and about all


class Watch:
    """One viewer of an attempt, and what was sent of it so far."""

    def __init__(self, feed: Feed, offset: int) -> None:
        self.viewer = Viewer(offset)
        self._feed = feed
        self._own: Reader | None = None
        self._open = ""
        self._state: Changed | None = None
        self._tests = 0
        self._bad = 0

    async def events(self) -> Events:
        """All events, until the attempt is over."""
        feed, viewer = self._feed, self.viewer
        while True:
            viewer.event.clear()
            for data in self._news():
                yield data
            async for data in self._lines():
                yield data
            if feed.over and (feed.trouble or viewer.offset >= feed.offset):
                for data in (*self._news(), self._end()):
                    yield data
                return
            if not await heard(viewer.event, HEARTBEAT):
                yield BEAT

    def _news(self) -> list[bytes]:
        """What has changed beside the log."""
        feed, found = self._feed, []
        if feed.state and feed.state != self._state:
            self._state = feed.state
            found.append(event("changed", feed.state.json))
        if feed.tests.last != self._tests:
            self._tests = feed.tests.last
            found.append(event("tests", feed.tests.told(self._bad)))
            self._bad = self._tests
        return found

    async def _lines(self) -> AsyncIterator[bytes]:
        feed, viewer = self._feed, self.viewer
        while viewer.offset < feed.offset and not feed.trouble:
            if piece := feed.piece(viewer.offset):
                viewer.offset = piece.end
                feed.moved()
                yield event("lines", piece.html, offset=piece.end)
            else:
                async for data in self._catch_up():
                    yield data
        self._own = None
        if viewer.offset == feed.offset and feed.open != self._open:
            self._open = feed.open
            yield event("open", feed.open)

    async def _catch_up(self) -> AsyncIterator[bytes]:
        """Read what the feed does not keep (any more), until it can be taken from there."""
        viewer = self.viewer
        if self._own is None or self._own.offset != viewer.offset:
            self._own = self._feed.reader(viewer.offset)
        before = viewer.offset
        try:
            async for piece in self._own.read(self._feed.reachable(viewer.offset)):
                viewer.offset = piece.end
                self._feed.moved()
                yield event("lines", piece.html, offset=piece.end)
        except (Error, FairleadError, Gone):
            self._own = None
        if viewer.offset == before:
            await asyncio.sleep(_AGAIN)

    def _end(self) -> bytes:
        feed = self._feed
        told = feed.state.json if feed.state and not feed.gone and not feed.trouble else ""
        lost = msgspec.json.encode({"gone": feed.gone, "trouble": feed.trouble}).decode()
        return event("end", told or lost, offset=self.viewer.offset)


Ask = Callable[[Database, int], Awaitable[Changed | None]]


class States:
    """How builds (or deployments) stand, asked once for all who want to know at the same time."""

    def __init__(self, database: Database, ask: Ask) -> None:
        self._database = database
        self._ask = ask
        self._known: dict[int, tuple[float, Changed | None]] = {}
        self._asking = asyncio.Lock()

    async def state(self, number: int, since: float) -> Changed | None:
        """The state at ``since`` (of the monotonic clock) or later; ``None`` where it is gone."""
        async with self._asking:
            known = self._known.get(number)
            if known is None or known[0] < since:
                known = (time.monotonic(), await self._ask(self._database, number))
                if len(self._known) > _MOST_KNOWN:
                    self._known.clear()
                self._known[number] = known
            return known[1]


async def watch_one(hub: Hub, states: States, number: int, *, topic: int) -> Events:
    """``changed`` whenever a build stands otherwise than before, and ``end`` with its verdict.

    ``topic`` is what the hub calls it.
    """
    sent, began = None, time.monotonic()
    with hub.subscribed(topic) as told:
        while True:
            told.clear()
            try:
                state = await states.state(number, time.monotonic())
            except Error:
                await asyncio.sleep(_AGAIN)
                told.set()
                continue
            if state is None or state.ended:
                yield event("end", state.json if state else '{"gone":true}')
                return
            if state != sent:
                sent = state
                yield event("changed", state.json)
            watched = time.monotonic() - began
            await asyncio.sleep(min(max(_SOON, watched * _SHARE), _OFTEN))
            if not await heard(told, HEARTBEAT):
                yield BEAT


async def watch_all(hub: Hub) -> Events:
    """``changed`` whenever any build changed, at most once a second."""
    with hub.subscribed(0) as told:
        yield event("changed", "{}")
        while True:
            if await heard(told, HEARTBEAT):
                told.clear()
                yield event("changed", "{}")
                await asyncio.sleep(_SELDOM)
            else:
                yield BEAT
