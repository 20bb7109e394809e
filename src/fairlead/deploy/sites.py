"""One host during a deployment: its connection, what is planned there, and how far it is."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from fairlead.deploy.base import Connection, Done, Tell
from fairlead.deploy.layout import Layout
from fairlead.deploy.plan import HostPlan
from fairlead.errors import HostFailed, HostLost

T = TypeVar("T")

_LINES = 25


class Site:
    """A host with what happens on it.

    ``begun`` says that its idle slot was touched, ``switched`` that its live link may have moved,
    ``moved`` that its workers may have, ``lost`` that it is gone.
    """

    def __init__(
        self, connection: Connection, plan: HostPlan, layout: Layout, functions: str
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.layout = layout
        self.functions = functions
        self.name = str(plan.host)
        self.folder = "live"
        """Where commands of the new release run: as soon as it stands somewhere, there."""
        self.begun = False
        self.switched = False
        self.moved = False
        self.closed = False
        self.lost = False

    async def run(
        self,
        script: str,
        *,
        data: bytes = b"",
        later: asyncio.Future[bytes] | None = None,
        timeout: float = 120.0,  # noqa: ASYNC109 — the connection's own
        tell: Tell | None = None,
        told: Tell | None = None,
    ) -> Done:
        """Run a script; raises ``HostFailed`` with what it said last.

        ``tell`` gets each line as it comes, ``told`` the last of them where it failed.
        """
        try:
            done = await self.connection.run(
                script, data=data, later=later, timeout=timeout, tell=tell, check=False
            )
        except HostLost:
            self.lost = True
            raise
        return self.checked(done, told)

    def checked(self, done: Done, told: Tell | None = None) -> Done:
        """What came of a script, where it is good."""
        if not done.code:
            return done
        lines = [line for line in done.err.decode("utf-8", "replace").splitlines() if line.strip()]
        if told:
            for line in lines[-_LINES:]:
                told(line)
        why = lines[-1].strip() if lines else f"a script ended with code {done.code}"
        raise HostFailed(f"{self.name}: {why}")


async def everywhere(sites: Iterable[Site], step: Callable[[Site], Awaitable[None]]) -> None:
    """Take a step on all hosts at once; the first failure ends it on the others, and is raised."""
    tasks = [asyncio.ensure_future(_one(step(site))) for site in sites]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION) if tasks else None
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def at_any_price(
    sites: Iterable[Site], step: Callable[[Site], Awaitable[None]]
) -> list[tuple[Site, Exception]]:
    """Take a step on all hosts at once, whatever happens on any; returns those that failed."""
    chosen = list(sites)
    results = await asyncio.gather(*(_one(step(site)) for site in chosen), return_exceptions=True)
    return [
        (site, result)
        for site, result in zip(chosen, results, strict=True)
        if isinstance(result, Exception)
    ]


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for what puts hosts back, however often somebody wants us to stop meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()


async def _one(step: Awaitable[None]) -> None:
    await step
