"""Preparing a host: the release beside what is live, started and asked, and no traffic."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fairlead.deploy.commands import preparing as scripts
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.order import Order
from fairlead.deploy.plan import KEPT, NOTHING, SEND, WARM, Plan
from fairlead.deploy.probe import probe_slot
from fairlead.deploy.sites import Site
from fairlead.deploy.slots import Filling, pack_slot
from fairlead.deploy.telling import Teller, Told
from fairlead.errors import HostFailed, HostLost
from fairlead.model.deployment import DeployPhase
from fairlead.model.environment import Hook
from fairlead.model.release import Manifest

_UPLOAD = 1800.0
_INSTALL = 900.0
_COMMAND = 3600.0
_MARGIN = 15.0


class Preparation:
    """How every host of a plan is made ready."""

    def __init__(self, order: Order, plan: Plan, manifest: Manifest | None, teller: Teller) -> None:
        self._order = order
        self._plan = plan
        self._manifest = manifest
        self._teller = teller
        self._environment = plan.environment

    async def prepare(self, site: Site) -> None:
        """All of it on one host; raises ``HostFailed`` or ``HostLost``."""
        way = site.plan.way
        if way == NOTHING:
            return
        if way in {SEND, KEPT}:
            async with self._cooling(site):
                await self._upload(site)
                await self._clean(site)
                await self._install(site)
                await self._static(site)
        await self._restart(site)
        await self._probe(site)

    @asynccontextmanager
    async def _cooling(self, site: Site) -> AsyncIterator[None]:
        """Stop what the idle slot runs meanwhile; it is over when this is."""
        if not site.plan.busy:
            yield
            return
        site.begun = True
        plan = site.plan
        script = scripts.cool(site.layout, plan.slot, plan.processes, site.functions)
        task = asyncio.ensure_future(site.run(script, timeout=self._patience))
        try:
            yield
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def phase(self, phase: DeployPhase, site: Site) -> AsyncIterator[Told]:
        """A phase on a host, with the hooks before and after it."""
        with self._teller.phase(phase, site.name) as told:
            await self._hooks(phase, "before", site, told)
            yield told
            await self._hooks(phase, "after", site, told)

    def entry(self, site: Site, *, switched: bool = False) -> Journal:
        """The journal of this deployment on a host."""
        return Journal(
            name=self._plan.about.name,
            version=self._plan.about.version,
            slot=site.plan.slot,
            by=self._order.by,
            since=time.time(),
            switched=switched,
        )

    async def command(self, site: Site, line: str, told: Told) -> None:
        """Run a line of shell in the release of a host, in its place among our scripts."""
        script = scripts.in_release(site.layout, site.folder, line)
        await site.run(script, timeout=_COMMAND, tell=told.say)

    async def _hooks(self, phase: DeployPhase, when: str, site: Site, told: Told) -> None:
        for hook in self._environment.hooks:
            if (hook.phase, hook.when) == (phase.value, when) and self._here(hook, site):
                if site.folder == "live" and not site.plan.old:
                    told.say(f"no release is here yet to run: {hook.command}")
                    continue
                told.say(f"$ {hook.command}")
                await self.command(site, hook.command, told)

    def _here(self, hook: Hook, site: Site) -> bool:
        return hook.on != "first" or site.plan == self._plan.first

    async def _upload(self, site: Site) -> None:
        async with self.phase(DeployPhase.UPLOAD, site) as told:
            if site.plan.way == KEPT or self._order.release is None or self._manifest is None:
                told.skipped, told.note = True, "the host keeps this release"
                return
            release = self._order.release
            site.begun = True
            script = scripts.upload(site.layout, site.plan.folder, self._manifest, self.entry(site))
            try:
                done = await site.connection.send(Path(release.file), script, timeout=_UPLOAD)
            except HostLost:
                site.lost = True
                raise
            site.checked(done, told.say)
            told.note = f"{release.size / 1e6:.1f} MB"

    async def _clean(self, site: Site) -> None:
        async with self.phase(DeployPhase.CLEAN, site):
            site.begun = True
            await site.run(scripts.clean(site.layout, site.plan.folder, self.entry(site)))

    async def _install(self, site: Site) -> None:
        manifest = self._manifest
        if manifest is None:
            raise HostFailed(f"{site.name}: nothing tells what release {site.plan.folder} needs")
        async with self.phase(DeployPhase.INSTALL, site) as told:
            if site.plan.install:
                script = scripts.install(site.layout, site.plan.folder, manifest)
                await site.run(script, timeout=_INSTALL, told=told.say)
                told.note = f"{len(manifest.requirements)} packages for Python {manifest.python}"
            else:
                told.note = "nothing new" if manifest.environment else "no packages"
            filling = Filling(
                environment=self._environment,
                manifest=manifest,
                folder=site.plan.folder,
                number=self._plan.about.number,
                secrets=self._order.secrets,
                by=self._order.by,
                time=time.time(),
            )
            packed = pack_slot(filling, site.plan.host, site.plan.slot)
            await site.run(scripts.place(site.layout, site.plan.slot), data=packed)
            site.folder = f".{site.plan.slot}.new"

    async def _static(self, site: Site) -> None:
        async with self.phase(DeployPhase.STATIC, site) as told:
            line = self._environment.build_static
            if line and site.plan.web:
                await self.command(site, line, told)
            else:
                told.skipped, told.note = True, "comes with the release"

    async def _restart(self, site: Site) -> None:
        plan = site.plan
        async with self.phase(DeployPhase.RESTART, site) as told:
            if plan.way == WARM:
                told.skipped, told.note = True, "still warm"
                site.folder = plan.slot
                return
            site.begun = True
            if plan.way in {SEND, KEPT}:
                script = scripts.start(
                    site.layout, plan.slot, plan.processes, functions=site.functions
                )
            else:
                script = scripts.begin_web(
                    site.layout, plan.slot, plan.processes, functions=site.functions
                )
            done = await site.run(script, timeout=self._patience, told=told.say)
            site.log_began = int(done.text.split("\n")[0] or 0)
            site.folder = plan.slot
            told.note = plan.slot

    async def _probe(self, site: Site) -> None:
        async with self.phase(DeployPhase.PROBE, site) as told:
            if not site.plan.web:
                told.skipped, told.note = True, "no web server here"
                return
            script = probe_slot(
                self._environment, site.plan.slot, self._plan.about.version, site.functions
            )
            try:
                done = await site.run(script, timeout=self._patience, told=told.say)
            except HostFailed:
                await self._log(site, told)
                raise
            told.note = done.text

    async def _log(self, site: Site, told: Told) -> None:
        """Tell what the slot wrote since it was started: there it says why."""
        script = scripts.log_tail(site.layout, site.plan.slot, site.log_began)
        done = await site.connection.run(script, check=False)
        for line in done.text.splitlines():
            told.say(line)

    @property
    def _patience(self) -> float:
        app = self._environment.app
        stopping = app.timeout if app else 0.0
        return self._environment.health.patience + stopping + _MARGIN
