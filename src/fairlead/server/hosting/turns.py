"""So many clients are sent a repository at once; others wait for their turn.

Each fetch is a process that may pack a large repository. Pushes do not wait here: one that wants
to see its verdict waits for a build, whose worker has to fetch.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from fairlead.server.hosting.exchange import Refused

AT_ONCE = 16
PATIENCE = 60.0
"""Seconds after which a client is asked to come again."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def turn() -> AsyncIterator[None]:
    """One of the places, for as long as the block lasts. Raises ``Refused`` where none got free."""
    places = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(PATIENCE):
            await places.acquire()
    except TimeoutError as error:
        raise Refused(503, "too many fetch at this moment: try again soon") from error
    try:
        yield
    finally:
        places.release()
