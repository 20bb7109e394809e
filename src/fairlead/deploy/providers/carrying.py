"""An order from beginning to end where somebody else keeps the hosts."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from fairlead.deploy.order import DeployOrder, Order
from fairlead.deploy.providers.base import Way
from fairlead.deploy.sites import to_its_end
from fairlead.deploy.telling import Emit, Teller
from fairlead.errors import FairleadError
from fairlead.model.deployment import DeployFinished, DeployOutcome, DeployPhase, DeployStarted


class _Stopped(Exception):
    """A person ended it."""


async def carry(order: Order, way: Way, emit: Emit, stop: asyncio.Event) -> DeployFinished:
    """Carry an order out; what happens on the way is told, and never raised."""
    deployment = _Deployment(order, way, emit, stop)
    try:
        finished = await deployment.run()
    finally:
        await way.close()
    emit(finished)
    return finished


class _Deployment:
    def __init__(self, order: Order, way: Way, emit: Emit, stop: asyncio.Event) -> None:
        self._order = order
        self._way = way
        self._emit = emit
        self._stop = stop
        self._began = time.time()
        self._previous = ""
        secrets = (*(value for _, value in order.secrets), *way.secrets)
        self._teller = Teller(emit, secrets)

    async def run(self) -> DeployFinished:
        try:
            self._previous = await self._way.look()
        except (FairleadError, OSError) as error:
            self._start()
            return self._finished(DeployOutcome.REFUSED, f"nothing changed: {_words(error)}")
        self._start()
        try:
            await self._until_stopped(self._way.prepare(self._teller))
            await self._until_stopped(self._way.switch(self._teller))
            await self._until_stopped(self._way.probe(self._teller))
        except _Stopped:
            return await self._put_back("it was cancelled", DeployOutcome.CANCELLED)
        except (FairleadError, OSError) as error:
            return await self._put_back(_words(error), DeployOutcome.REFUSED)
        except asyncio.CancelledError:
            self._emit(await self._put_back("it was cancelled", DeployOutcome.CANCELLED))
            raise
        sentence = f"{self._name} is live in {self._order.environment.name}"
        return self._finished(DeployOutcome.LIVE, sentence, self._version)

    async def _put_back(self, why: str, before: DeployOutcome) -> DeployFinished:
        return await to_its_end(self._undo(why, before))

    async def _undo(self, why: str, before: DeployOutcome) -> DeployFinished:
        """Put back what was; ``before`` is how it ends where nothing had changed yet."""
        if not self._way.begun:
            return self._finished(before, f"nothing changed: {why}", self._previous)
        try:
            with self._teller.phase(DeployPhase.BACK, self._way.name):
                await self._way.back(self._teller)
        except (FairleadError, OSError) as error:
            return self._finished(DeployOutcome.FAILED, f"{why}; and {_words(error)}")
        if not self._way.changed:
            return self._finished(before, f"nothing changed: {why}", self._previous)
        return self._finished(DeployOutcome.ROLLED_BACK, f"put back: {why}", self._previous)

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a part of it, or raise ``_Stopped`` once a person has had enough."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _Stopped
            await task
        finally:
            for one in (task, stopped):
                one.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    def _start(self) -> None:
        release = self._order.release
        self._emit(
            DeployStarted(
                time=self._began,
                environment=self._order.environment.name,
                release=release.number if release else 0,
                version=self._version,
                commit=release.manifest.commit if release else "",
                hosts=(self._way.name,),
                previous=self._previous,
                by=self._order.by,
                kind="deploy" if isinstance(self._order, DeployOrder) else "rollback",
                forced=self._order.forced,
            )
        )

    @property
    def _version(self) -> str:
        release = self._order.release
        return release.manifest.version if release else ""

    @property
    def _name(self) -> str:
        release = self._order.release
        if release is None:
            return "the release before"
        return f"release {release.number}" if release.number else f"release {self._version}"

    def _finished(self, outcome: DeployOutcome, sentence: str, live: str = "") -> DeployFinished:
        now = time.time()
        return DeployFinished(
            time=now,
            outcome=outcome,
            sentence=self._teller.masked(sentence),
            seconds=now - self._began,
            live=((self._way.name, live),) if live else (),
        )


def _words(error: FairleadError | OSError) -> str:
    if isinstance(error, FairleadError):
        return f"{error.message} ({error.hint})" if error.hint else error.message
    return error.strerror or str(error)
