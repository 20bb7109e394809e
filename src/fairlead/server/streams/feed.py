"""What all viewers of one attempt share: it is read and rendered once, while somebody watches."""

import asyncio
import logging
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable

from psycopg import Error

from fairlead.errors import FairleadError
from fairlead.server.logs.storage import Storage
from fairlead.server.streams.database import Database
from fairlead.server.streams.hub import Hub
from fairlead.server.streams.reading import Gone, Piece, Reader
from fairlead.server.streams.state import Changed, Tests, attempt_state, owner
from fairlead.server.streams.tasks import end

log = logging.getLogger(__name__)

WINDOW = 1 << 20
"""Bytes of rendered rows that are kept for those who come a little later."""

_AGAIN = 0.5  # seconds after which the database is asked again, when it did not answer
_STATE = 0.25  # seconds between two looks at steps and tests
_UNTOLD = 10.0  # seconds after which it is looked also when nothing was told


class Viewer:
    """One who watches: its ``offset`` in the log, and ``event`` that tells of something new."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.event = asyncio.Event()


class Feed:
    """Follows an attempt for its viewers.

    It reads on as far as the foremost of them has come, and a window more; those who are behind
    the window read for themselves until they reach it. ``over`` says that there will be nothing
    more; ``gone`` that the attempt does not exist (any more); ``trouble`` why it cannot be read.
    """

    def __init__(
        self, database: Database, hub: Hub, storage: Callable[[], Storage], attempt: int
    ) -> None:
        self.viewers: set[Viewer] = set()
        self.tests = Tests()
        self.state: Changed | None = None
        self.pieces: deque[Piece] = deque()
        self.gone = False
        self.trouble = ""
        self._database = database
        self._hub = hub
        self._storage = storage
        self._attempt = attempt
        self._kept = 0
        self._looked = 0.0
        self._stale = False
        self._reader = self.reader(0)
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def offset(self) -> int:
        """How far the log was rendered."""
        return self._reader.offset

    @property
    def open(self) -> str:
        """The line at ``offset`` as it is so far."""
        return self._reader.open

    @property
    def over(self) -> bool:
        """Whether everything was read, of an attempt that has ended."""
        ended = self.state is not None and self.state.ended
        return self.gone or bool(self.trouble) or (self._reader.done and ended)

    def reader(self, offset: int) -> Reader:
        """A reader of the same log, of one's own."""
        return Reader(self._database, self._storage, self._attempt, offset)

    def join(self, viewer: Viewer, *, jump: bool = True) -> None:
        """Let one more watch; the first one starts the feed.

        It begins where a viewer does who is ahead of it, unless that is not to be (``jump``).
        """
        self.viewers.add(viewer)
        if jump and viewer.offset > self.offset:
            self._jump(viewer.offset)
        if self._task is None:
            self._task = asyncio.create_task(self._follow())

    async def leave(self, viewer: Viewer) -> bool:
        """Watch no longer; true for the last one, with whom the feed ends."""
        self.viewers.discard(viewer)
        if self.viewers:
            return False
        if self._task is not None:
            await end(self._task)
        return True

    def moved(self) -> None:
        """A viewer has come further: there may be room to read on."""
        self._moved.set()

    def piece(self, offset: int) -> Piece | None:
        """The rows that begin at ``offset``, where they are kept."""
        at = self._behind(offset) - 1
        return self.pieces[at] if at >= 0 and self.pieces[at].start == offset else None

    def reachable(self, offset: int) -> int:
        """The first place behind ``offset`` at which kept rows begin, or all that was read ends."""
        at = self._behind(offset)
        return self.pieces[at].start if at < len(self.pieces) else self.offset

    def _behind(self, offset: int) -> int:
        return bisect_right(self.pieces, offset, key=lambda piece: piece.start)

    def _jump(self, offset: int) -> None:
        """Go on further ahead, where somebody begins who has seen what lies before."""
        self.pieces.clear()
        self._kept = 0
        self._reader = self.reader(offset)
        self._moved.set()

    async def _follow(self) -> None:
        try:
            build = await self._owner()
            with self._hub.subscribed(build) as told:
                while not self.over:
                    await self._look(told)
        except Gone:
            self.gone = True
        except FairleadError as error:
            self.trouble = str(error)
        except Exception:
            log.exception("attempt %s cannot be followed", self._attempt)
            self.trouble = "it cannot be read"
        self._tell()

    async def _owner(self) -> int:
        while True:
            try:
                build = await owner(self._database, self._attempt)
            except Error:
                await asyncio.sleep(_AGAIN)
                continue
            if build is None:
                raise Gone
            return build

    async def _look(self, told: asyncio.Event) -> None:
        """Read what is new, then wait until there may be more."""
        told.clear()
        try:
            if self.state is None:
                await self._look_at_state()
            more = await self._read()
            await self._look_at_state()
        except Error as error:
            log.info("attempt %s is not followed at the moment: %s", self._attempt, error)
            await asyncio.sleep(_AGAIN)
            return
        if not more and not self.over:
            await heard(told, _STATE if self._stale else _UNTOLD)

    async def _read(self) -> bool:
        """True where there may be more at once."""
        reader, before = self._reader, self._reader.offset
        was_open = reader.open
        async for piece in reader.read():
            if reader is not self._reader:
                return True
            self._keep(piece)
            await self._room()
        if reader is not self._reader:
            return True
        if reader.open != was_open:
            self._tell()
        return reader.offset != before

    def _keep(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self._kept += len(piece.html)
        while self._kept > WINDOW and len(self.pieces) > 1:
            self._kept -= len(self.pieces.popleft().html)
        self._tell()

    async def _room(self) -> None:
        """Wait until the foremost viewer has seen most of what is kept."""
        while self._ahead() > WINDOW // 2:
            self._moved.clear()
            await self._moved.wait()

    def _ahead(self) -> int:
        foremost = max((viewer.offset for viewer in self.viewers), default=0)
        return sum(len(piece.html) for piece in self.pieces if piece.start >= foremost)

    async def _look_at_state(self) -> None:
        """Read how the job stands, unless that was done a moment ago."""
        now = time.monotonic()
        self._stale = self._looked + _STATE > now and not self._reader.done
        if self._stale:
            return
        self._looked = now
        state = await attempt_state(self._database, self._attempt)
        if state is None:
            raise Gone
        tested = await self.tests.look(self._database, self._attempt)
        if tested or state != self.state:
            self.state = state
            self._tell()

    def _tell(self) -> None:
        for viewer in self.viewers:
            viewer.event.set()


async def heard(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, so long at most; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
