"""The switch, host by host, what follows it, and the way back on all hosts at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fairlead.deploy.commands import switching as scripts
from fairlead.deploy.plan import NOTHING, Plan
from fairlead.deploy.preparing import Preparation
from fairlead.deploy.probe import probe_nginx
from fairlead.deploy.sites import Site, at_any_price, everywhere
from fairlead.deploy.telling import Teller
from fairlead.deploy.watching import Watches
from fairlead.errors import HostFailed
from fairlead.model.deployment import DeployPhase

_BACK = 10.0


class Turn:
    """From the old release to the new one on every host of a plan, and back."""

    def __init__(
        self, plan: Plan, sites: tuple[Site, ...], preparation: Preparation, teller: Teller
    ) -> None:
        self._plan = plan
        self._environment = plan.environment
        self._preparation = preparation
        self._teller = teller
        self._sites = tuple(site for site in sites if site.plan.way != NOTHING)
        self._all = sites
        self._watches = Watches(plan.environment)
        self.migrated = False

    def arm(self) -> None:
        """Have each host that serves wait for its switch, to look at it from then on."""
        if self._environment.watch.seconds > 0:
            self._watches.arm(site for site in self._sites if site.plan.web)

    async def close(self) -> None:
        """Close the site where that is asked for."""
        if not self._plan.close:
            return

        async def one(site: Site) -> None:
            async with self._preparation.phase(DeployPhase.ENTER, site) as told:
                if site.plan.closed:
                    told.skipped, told.note = True, "closed already"
                    return
                site.closed = True
                await site.run(scripts.close_site(site.layout), told=told.say)

        await everywhere(self._web(), one)

    async def migrate(self) -> None:
        """Have the database follow, once."""
        if not self._plan.migrate or not self._sites:
            return
        site, rules = self._sites[0], self._environment.migrations
        async with self._preparation.phase(DeployPhase.MIGRATE, site) as told:
            if rules.pending:
                await self._preparation.command(site, rules.pending, told)
            self.migrated = True
            await self._preparation.command(site, rules.command, told)

    async def switch(self) -> None:
        """One host after the other, those with web servers first; each is asked through nginx.

        Raises ``HostFailed`` as soon as one that was switched is bad.
        """
        async with _together() as group:
            watching = group.create_task(self._watches.any_bad())
            for site in sorted(self._sites, key=lambda site: not site.plan.web):
                await self._switch_one(site)
            watching.cancel()

    async def follow(self) -> None:
        """What comes behind the switch: caches, workers, and the site is open again."""
        if self._environment.flush and self._sites:
            async with self._preparation.phase(DeployPhase.FLUSH, self._sites[0]) as told:
                await self._preparation.command(self._sites[0], self._environment.flush, told)
        await everywhere((site for site in self._sites if site.plan.workers), self._workers)
        if self._plan.close or self._plan.closed:
            await everywhere(self._web(), self._open)

    async def follow_and_watch(self) -> None:
        """What comes behind the switch, while all hosts are watched until the time is over.

        Raises ``HostFailed`` as soon as one is bad, whatever else goes on.
        """
        seconds = self._environment.watch.seconds
        async with _together() as group:
            if seconds > 0:
                web = [site for site in self._sites if site.plan.web]
                group.create_task(everywhere(web, self._watch_one))
            await self.follow()
        if seconds > 0:
            await everywhere((s for s in self._sites if s.plan.workers), self._workers_run)
        await self._watches.close()

    async def back(self) -> tuple[str, ...]:
        """Everything that was switched, as it was before, at once; returns what did not succeed.

        A host that is gone is not among that: nobody can say how it is.
        """
        self._watches.turn_back()
        switched = [site for site in self._sites if site.switched]
        failed = await at_any_price(switched, self._back_one)
        moved = [site for site in switched if site.moved and not site.lost]
        failed += await at_any_price(moved, self._workers_back)
        closed = [site for site in self._all if site.closed and not site.lost]
        failed += await at_any_price(closed, self._reopen)
        await self._watches.close()
        asked = [s for s in switched if s.plan.web and s.plan.old and not s.lost]
        failed += await at_any_price(asked, self._ask_old)
        return tuple(str(error) for site, error in failed if not site.lost)

    def _web(self) -> tuple[Site, ...]:
        return tuple(site for site in self._all if site.plan.web)

    async def _switch_one(self, site: Site) -> None:
        async with self._preparation.phase(DeployPhase.SWITCH, site) as told:
            plan = site.plan
            site.begun = site.switched = True
            entry = self._preparation.entry(site, switched=True)
            script = scripts.switch(site.layout, plan.slot, plan.old, entry)
            if plan.web:
                script += probe_nginx(self._environment, self._plan.about.version)
            await site.run(script, timeout=60.0, told=told.say)
            told.note = f"{plan.old or 'nothing'} to {plan.slot}"

    async def _workers(self, site: Site) -> None:
        plan = site.plan
        with self._teller.phase(DeployPhase.RESTART, site.name) as told:
            site.moved = True
            script = scripts.move_workers(
                site.layout,
                plan.old,
                plan.slot,
                processes=plan.processes,
                functions=site.functions,
            )
            await site.run(script, timeout=600.0, told=told.say)
            told.note = ", ".join(plan.workers)

    async def _open(self, site: Site) -> None:
        async with self._preparation.phase(DeployPhase.EXIT, site) as told:
            await site.run(scripts.open_site(site.layout), told=told.say)

    async def _watch_one(self, site: Site) -> None:
        async with self._preparation.phase(DeployPhase.WATCH, site) as told:
            seen = await self._watches.over(site, self._environment.watch.seconds)
            if seen.note:
                told.say(seen.note)
            told.note = f"{seen.answers} answers, {seen.errors} errors"

    async def _workers_run(self, site: Site) -> None:
        workers = site.plan.workers
        script = scripts.states(site.layout, site.plan.slot, workers, site.functions)
        for line in (await site.run(script)).text.splitlines():
            words = line.split()
            if words[:1] == ["process"] and words[3:4] != ["running"]:
                raise HostFailed(f"{site.name}: {words[2]} does not stay up")

    async def _back_one(self, site: Site) -> None:
        plan = site.plan
        if site.lost:
            return
        with self._teller.phase(DeployPhase.BACK, site.name) as told:
            seconds = await self._watches.turned_back(site)
            if seconds is None:
                await site.run(scripts.switch_back(site.layout, plan.old), timeout=_BACK)
            after = "" if seconds is None else f" {seconds:.2f} s after it was told to"
            told.note = f"{plan.slot} to {plan.old or 'nothing'}{after}"

    async def _workers_back(self, site: Site) -> None:
        plan = site.plan
        script = scripts.move_workers(
            site.layout,
            plan.slot,
            plan.old,
            processes=plan.processes,
            functions=site.functions,
        )
        await site.run(script, timeout=600.0)

    async def _reopen(self, site: Site) -> None:
        await site.run(scripts.open_site(site.layout))

    async def _ask_old(self, site: Site) -> None:
        was = site.plan.was
        await site.run(probe_nginx(self._environment, was.version if was else ""), timeout=60.0)


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
