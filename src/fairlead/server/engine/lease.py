"""The right of a worker to run a build: lost when the build is given away, or out of reach.

Whoever cannot reach the database may have been given up for dead, and somebody else may run the
build; so the run is ended before the reaper may act.
"""

import asyncio
import time
from enum import Enum

from procrastinate import App

from fairlead.server.configuration import Intervals
from fairlead.server.store.states import State


class Loss(Enum):
    """Why a lease ended."""

    SUPERSEDED = "the build was given to another worker"
    NO_CONTACT = "the database cannot be reached"


def boot_clock() -> float:
    """Seconds since boot, with the time asleep: unlike others it cannot be set or stopped."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


async def until_lost(app: App, intervals: Intervals, *, build_id: int, job_id: int) -> Loss:
    """Watch over a build's row; returns when this job may not run the build any more."""
    pause = intervals.lease / 4
    seen = boot_clock()
    while True:
        await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(pause):
                rows = await app.connector.execute_query_all_async(
                    "SELECT 1 FROM store_build WHERE id = %(build_id)s AND job_id = %(job_id)s"
                    " AND state = %(state)s",
                    build_id=build_id,
                    job_id=job_id,
                    state=State.RUNNING.value,
                )
        except Exception:  # noqa: BLE001 — whatever keeps us from asking, the clock decides
            if boot_clock() - seen > intervals.lease:
                return Loss.NO_CONTACT
            continue
        if not rows:
            return Loss.SUPERSEDED
        seen = boot_clock()
