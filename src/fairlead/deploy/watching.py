"""The watches of a deployment: one on each host, in place before the switch, with the way back.

A watch that finds its release bad has all hosts turned back at once, before anything else ends:
each of them only waits for a byte to do so (see ``watch``).
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from fairlead.deploy.sites import Site
from fairlead.deploy.watch import BACK, BAD, END, STAYED, WENT_BACK, Seen, read_seen, watch_script
from fairlead.errors import FairleadError, HostFailed
from fairlead.model.environment import Environment

_LONGEST = 86_400.0
"""Seconds that a watch may take with all that goes on beside it, migrations and hooks included."""

_ANSWER = 2.0
"""Seconds in which a host that was told to turn back says that it has."""


class Watches:
    """Those of all hosts; none where nothing is watched, and then nobody waits for anything."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._on: dict[Site, _Watch] = {}
        self._told = 0.0

    def arm(self, sites: Iterable[Site]) -> None:
        """Start the watches of these hosts; they are not waited for."""
        for site in sites:
            self._on[site] = _Watch(self._environment, site, self.turn_back)

    async def any_bad(self) -> None:
        """Wait until any host is bad; raises what is wrong there. Ends at once without watches."""
        found = [watch.found for watch in self._on.values()]
        if not found:
            return
        done, _ = await asyncio.wait(found, return_when=asyncio.FIRST_COMPLETED)
        for site, watch in self._on.items():
            if watch.found in done:
                watch.good(site)

    async def over(self, site: Site, seconds: float) -> Seen:
        """Let a host be watched for so long and end that. Raises as soon as it is bad."""
        watch = self._on[site]
        await asyncio.wait((watch.found,), timeout=seconds)
        watch.tell(END)
        await asyncio.wait((watch.found,))
        return watch.good(site)

    def turn_back(self) -> None:
        """Have every host that was switched go back, now; the others need not watch any more."""
        self._told = self._told or time.monotonic()
        for site, watch in self._on.items():
            watch.tell(BACK if site.switched else END)

    async def turned_back(self, site: Site) -> float | None:
        """How many seconds after it was told a host had gone back; none for one that has not."""
        watch = self._on.get(site)
        if watch is None:
            return None
        await asyncio.wait((watch.went,), timeout=_ANSWER)
        when = watch.went.result() if watch.went.done() else 0.0
        return when - self._told if when else None

    async def close(self) -> None:
        """End all watches that are left."""
        await asyncio.gather(*(watch.close() for watch in self._on.values()))


class _Watch:
    """One host's: ``found`` is what it came to, ``went`` when it said that it had gone back.

    Once it was told to go back it finds nothing more.
    """

    def __init__(self, environment: Environment, site: Site, alarm: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.found: asyncio.Future[Seen | FairleadError] = loop.create_future()
        self.went: asyncio.Future[float] = loop.create_future()
        self._word: asyncio.Future[bytes] = loop.create_future()
        self._lines: list[str] = []
        self._alarm = alarm
        plan = site.plan
        script = watch_script(
            environment, plan.slot, plan.old, processes=("web",), functions=site.functions
        )
        self._task = asyncio.create_task(self._run(site, script))

    def good(self, site: Site) -> Seen:
        """What it came to. Raises where that is bad."""
        found = self.found.result()
        if isinstance(found, FairleadError):
            raise found
        if found.bad:
            raise HostFailed(f"{site.name}: {found.bad}")
        return found

    def tell(self, word: bytes) -> None:
        """Say what it has to do, once."""
        if not self._word.done():
            self._word.set_result(word)

    async def close(self) -> None:
        """End it, whatever it does."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, site: Site, script: str) -> None:
        try:
            await site.run(script, later=self._word, timeout=_LONGEST, tell=self._hear)
            self._find(read_seen(self._lines))
        except FairleadError as error:
            self._find(error)
        except Exception as error:  # noqa: BLE001 — nobody must wait for what will never come
            self._find(HostFailed(f"{site.name}: the watch broke: {error!r}"))
        finally:
            if not self.went.done():
                self.went.set_result(0.0)

    def _hear(self, line: str) -> None:
        self._lines.append(line)
        if line.startswith(BAD):
            self._find(read_seen(self._lines))
        elif line in {WENT_BACK, STAYED} and not self.went.done():
            self.went.set_result(time.monotonic() if line == WENT_BACK else 0.0)

    def _find(self, came: Seen | FairleadError) -> None:
        if self.found.done() or (self._word.done() and self._word.result() == BACK):
            return
        self.found.set_result(came)
        if isinstance(came, FairleadError) or came.bad:
            self._alarm()
