"""A deployment from beginning to end: prepared everywhere, switched host by host, watched, tidied.

Up to the switch nothing that is live changes, and any failure leaves every host as it was. From
the switch on any failure makes the old release live again on all hosts at once. What is on a host
when we are killed is cleared by the next deployment (see ``healing``).
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import msgspec

from fairlead.deploy.arriving import Arrival, Connect
from fairlead.deploy.ending import Ending
from fairlead.deploy.healing import functions_for
from fairlead.deploy.layout import layout_of
from fairlead.deploy.migrations import advice
from fairlead.deploy.order import DeployOrder, Order, RollbackOrder
from fairlead.deploy.plan import Plan, about_release, make_plan
from fairlead.deploy.preparing import Preparation
from fairlead.deploy.rules import check, check_secrets, chosen_hosts
from fairlead.deploy.sites import Site, everywhere, to_its_end
from fairlead.deploy.slots import About
from fairlead.deploy.telling import Emit, FirstEvent, Teller
from fairlead.deploy.turning import Turn
from fairlead.errors import FairleadError
from fairlead.model.deployment import DeployFinished, DeployOutcome, DeployStarted, Past
from fairlead.model.environment import Watch

__all__ = ["Connect", "DeployOrder", "RollbackOrder", "deploy", "foresee", "rollback"]

_AGAIN = 5.0
"""Seconds in which a host that was lost is looked for once more."""


async def deploy(
    order: DeployOrder, emit: Emit, stop: asyncio.Event, *, connect: Connect
) -> DeployFinished:
    """Bring a release to all hosts of an environment, or leave them as they are.

    What happens on hosts is told by ``emit`` and by what is returned, never raised. ``stop`` ends
    it: before the switch nothing has changed, after it the old release is live again. Raises
    ``DeploymentRefused`` for what the environment's rules forbid, ``UsageError`` for hosts it
    does not have.
    """
    check(order.environment, order.release, forced=order.forced)
    return await _Rollout(order, emit, stop).run(connect)


async def rollback(
    order: RollbackOrder, emit: Emit, stop: asyncio.Event, *, connect: Connect
) -> DeployFinished:
    """Make an earlier release live again: the slot that holds it still, or what hosts keep.

    Told, ended and raised as for ``deploy``. Nothing is migrated and nothing watched: whoever
    goes back is in a hurry.
    """
    environment = msgspec.structs.replace(order.environment, watch=Watch(seconds=0.0))
    order = msgspec.structs.replace(order, environment=environment)
    return await _Rollout(order, emit, stop).run(connect)


async def foresee(order: Order, *, connect: Connect) -> Plan:
    """What would be done, without doing or locking anything. Raises as a deployment would end."""
    if isinstance(order, DeployOrder):
        check(order.environment, order.release, forced=order.forced)
    hosts = chosen_hosts(order.environment, order.hosts)
    arrival = Arrival(order, hosts, Teller(lambda _event: None))
    try:
        await arrival.connect(connect)
        await arrival.look()
        return make_plan(order, arrival.found, await arrival.manifest())
    finally:
        await arrival.leave()


class _Stopped(Exception):
    """A person ended it."""


class _Rollout:
    """One deployment, however it ends."""

    def __init__(self, order: Order, emit: Emit, stop: asyncio.Event) -> None:
        self._order = order
        self._environment = order.environment
        self._hosts = chosen_hosts(order.environment, order.hosts)
        check_secrets(order.environment, order.secrets)
        self._began = time.time()
        # The first event says what was live, which nobody knows before the hosts were asked.
        self._first = FirstEvent(emit)
        self._teller = Teller(self._first, tuple(value for _, value in order.secrets))
        self._stop = stop
        self._arrival = Arrival(order, self._hosts, self._teller)
        self._work: _Work | None = None

    async def run(self, connect: Connect) -> DeployFinished:
        """Carry it out; whatever happens, the hosts are left in one of the states there are."""
        try:
            await self._until_stopped(self._arrive(connect))
            await self._forward()
            finished = await self._retire()
        except (FairleadError, OSError, _Stopped) as error:
            finished = await to_its_end(self._undo(error, connect))
        except BaseException as error:
            # A bug, or we are being cancelled: hosts are put back all the same.
            self._teller.event(await to_its_end(self._undo(error, connect)))
            raise
        finally:
            await to_its_end(self._arrival.leave())
        self._teller.event(finished)
        return finished

    async def _arrive(self, connect: Connect) -> None:
        arrival = self._arrival
        await arrival.connect(connect)
        await arrival.lock()
        await arrival.heal()
        manifest = await arrival.manifest()
        plan = make_plan(self._order, arrival.found, manifest)
        self._start(plan)
        for sentence in advice(plan.change):
            self._teller.notice(sentence)
        layout = layout_of(self._environment)
        sites = tuple(
            Site(connection, host, layout, functions_for(self._environment, host.host))
            for connection, host in zip(arrival.connections, plan.hosts, strict=True)
        )
        preparation = Preparation(self._order, plan, manifest, self._teller)
        turn = Turn(plan, sites, preparation, self._teller)
        ending = Ending(plan, sites, preparation, self._teller)
        self._work = _Work(plan, sites, preparation, turn, ending)

    async def _forward(self) -> None:
        work = self._working
        await self._until_stopped(everywhere(work.sites, work.preparation.prepare))
        work.turn.arm()
        await self._until_stopped(work.turn.close())
        # What a database is in the middle of is not torn off.
        await work.turn.migrate()
        if self._stop.is_set():
            raise _Stopped
        if self._arrival.locks:
            self._arrival.locks.check()
        await work.turn.switch()
        await self._until_stopped(work.turn.follow_and_watch())

    async def _retire(self) -> DeployFinished:
        work = self._working
        where = ", ".join(map(str, self._hosts))
        sentence = f"release {work.plan.about.name} ({work.plan.about.version}) is live on {where}"
        await work.ending.retire(self._past(work.plan, DeployOutcome.LIVE, sentence))
        live = tuple((site.name, work.plan.about.version) for site in work.sites)
        return self._finished(DeployOutcome.LIVE, sentence, live)

    async def _undo(self, error: BaseException, connect: Connect) -> DeployFinished:
        """Put back what was changed, and say why."""
        why = _words(error)
        if self._work is None:
            self._start(None)
            if hint := getattr(error, "hint", ""):
                self._teller.notice(hint)
            outcome = _before_the_switch(error)
            return self._finished(outcome, f"{self._teller.masked(why)}; nothing changed", ())
        work = self._work
        switched = any(site.switched for site in work.sites)
        failed = await work.turn.back()
        if await self._reached_again(connect):
            failed += await work.turn.back()
        outcome = _before_the_switch(error)
        if switched:
            outcome = DeployOutcome.FAILED if failed else DeployOutcome.ROLLED_BACK
        sentence = self._teller.masked(f"{why}; {work.came_to(failed)}")
        for text in await work.ending.undo(self._past(work.plan, outcome, sentence)):
            self._teller.notice(f"not tidied: {text}", warning=True)
        return self._finished(outcome, sentence, work.live_before)

    async def _reached_again(self, connect: Connect) -> bool:
        """Whether a host that was lost behind its switch could be reached once more."""
        lost = [site for site in self._working.sites if site.lost and site.switched]

        async def one(site: Site) -> None:
            async with asyncio.timeout(_AGAIN):
                connection = await connect(site.plan.host)
            self._arrival.connections += (connection,)
            site.connection, site.lost = connection, False

        await asyncio.gather(*map(one, lost), return_exceptions=True)
        return any(not site.lost for site in lost)

    @property
    def _working(self) -> "_Work":
        if self._work is None:
            raise RuntimeError("nobody has arrived yet")
        return self._work

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for work, or for a person to end it."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _Stopped
            task.result()
        finally:
            stopping.cancel()
            task.cancel()
            await asyncio.gather(task, stopping, return_exceptions=True)

    def _start(self, plan: Plan | None) -> None:
        """Send the first event, and what was told before it."""
        release = self._order.release
        asked = self._order.to if isinstance(self._order, RollbackOrder) else ""
        known = plan.about if plan else about_release(release) if release else About(version=asked)
        self._first.begin(
            DeployStarted(
                time=self._began,
                environment=self._environment.name,
                release=known.number,
                version=known.version,
                commit=known.commit,
                hosts=tuple(map(str, self._hosts)),
                previous=plan.previous if plan else "",
                by=self._order.by,
                kind="deploy" if isinstance(self._order, DeployOrder) else "rollback",
                forced=self._order.forced,
            )
        )

    def _past(self, plan: Plan, outcome: DeployOutcome, sentence: str) -> Past:
        return Past(
            time=self._began,
            kind=plan.kind,
            release=plan.about.number,
            version=plan.about.version,
            commit=plan.about.commit,
            outcome=outcome,
            by=self._order.by,
            seconds=round(time.time() - self._began, 3),
            sentence=sentence,
            forced=self._order.forced,
            previous=plan.previous,
        )

    def _finished(
        self, outcome: DeployOutcome, sentence: str, live: tuple[tuple[str, str], ...]
    ) -> DeployFinished:
        now = time.time()
        if broken := self._first.broken:
            sentence += f"; nobody heard all of it: {broken!r}"
        return DeployFinished(
            time=now, outcome=outcome, sentence=sentence, seconds=now - self._began, live=live
        )


class _Work(msgspec.Struct, frozen=True):
    """A deployment whose hosts are known."""

    plan: Plan
    sites: tuple[Site, ...]
    preparation: Preparation
    turn: Turn
    ending: Ending

    @property
    def live_before(self) -> tuple[tuple[str, str], ...]:
        """What each host that can be reached serves once everything is put back."""
        return tuple(
            (site.name, site.plan.was.version if site.plan.was else "")
            for site in self.sites
            if not site.lost
        )

    def came_to(self, failed: tuple[str, ...]) -> str:
        """What is live after a failure, in a few words."""
        said = []
        switched = any(site.switched for site in self.sites)
        if failed:
            said.append(f"not put back, a person is needed: {'; '.join(failed)}")
        elif switched:
            was = next((site.plan.was for site in self.sites if site.plan.was), None)
            said.append(
                f"rolled back to release {was.name}" if was else "nothing is live, as before"
            )
        else:
            said.append("nothing changed")
        for site in self.sites:
            if site.lost:
                serves = f", and may serve release {self.plan.about.name}" if site.switched else ""
                said.append(f"{site.name} is out of reach{serves}")
        if self.turn.migrated:
            said.append("what was migrated stays so")
        return "; ".join(said)


def _words(error: BaseException) -> str:
    if isinstance(error, _Stopped):
        return "ended by a person"
    return error.message if isinstance(error, FairleadError) else str(error) or repr(error)


def _before_the_switch(error: BaseException) -> DeployOutcome:
    stopped = isinstance(error, _Stopped | asyncio.CancelledError)
    return DeployOutcome.CANCELLED if stopped else DeployOutcome.REFUSED
