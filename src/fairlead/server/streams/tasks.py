"""Ending tasks for certain."""

import asyncio

_AGAIN = 1.0


async def end(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks, and wait until they have ended; how they did so is left to be asked.

    A cancellation can get lost where it meets what was waited for: ``asyncio.wait_for`` of
    Python 3.11 drops it then, and with it whatever waits in a pool for a connection. So it is
    said again.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN)
