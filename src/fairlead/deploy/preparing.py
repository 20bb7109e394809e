"""Preparing a host: the release beside what is live, started and asked, and no traffic."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fairlead.deploy.commands import preparing as scripts
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.order import Order
from fairlead.deploy.parts import Parts, carried_out
from fairlead.deploy.plan import KEPT, NOTHING, SEND, WARM, Plan
from fairlead.deploy.sites import Site
from fairlead.deploy.slots import Filling, pack_slot
from fairlead.deploy.stages import COMMAND, Brought, Stage, Stages, hooks_of
from fairlead.deploy.telling import Teller, Told
from fairlead.errors import HostFailed
from fairlead.model.deployment import DeployPhase
from fairlead.model.release import Manifest


class Preparation:
    """How every host of a plan is made ready."""

    def __init__(self, order: Order, plan: Plan, manifest: Manifest | None, teller: Teller) -> None:
        self._order = order
        self._plan = plan
        self._manifest = manifest
        self._teller = teller
        self._environment = plan.environment

    async def prepare(self, site: Site) -> None:
        """All of it on one host, in one script; raises ``HostFailed`` or ``HostLost``."""
        plan = site.plan
        if plan.way == NOTHING:
            return
        file, slot, brought = None, b"", None
        if plan.way in {SEND, KEPT}:
            filling = self._filling(site)
            slot = pack_slot(filling, plan.host, plan.slot)
            if plan.way == SEND and self._order.release:
                file = Path(self._order.release.file)
            size = file.stat().st_size if file else 0
            brought = Brought(manifest=filling.manifest, file=size, slot=len(slot))
        stages = Stages(self._plan, site, self.entry(site), brought)
        site.begun = site.begun or plan.way != WARM
        async with carried_out(site, stages.parts, file=file, data=slot) as parts:
            for stage in stages.all:
                await self._follow(site, stage, stages, parts)
        site.folder = plan.slot

    async def _follow(self, site: Site, stage: Stage, stages: Stages, parts: Parts) -> None:
        """Tell of a stage while it is carried out."""
        with self._teller.phase(stage.phase, site.name) as told:
            try:
                for part in stage.parts:
                    if part.title:
                        told.say(part.title)
                    if not part.aside:
                        await parts.over(part, told.say)
                told.note, told.skipped = stage.note, stage.skipped
                if stages.asked in stage.parts:
                    await parts.end()
                    told.note = parts.printed(stages.asked)
            except HostFailed:
                if stages.asked in stage.parts:
                    await self._log(site, told, parts.printed(stages.began))
                raise

    def _filling(self, site: Site) -> Filling:
        """What the slot of a host is made of."""
        if self._manifest is None:
            raise HostFailed(f"{site.name}: nothing tells what release {site.plan.folder} needs")
        return Filling(
            environment=self._environment,
            manifest=self._manifest,
            folder=site.plan.folder,
            number=self._plan.about.number,
            secrets=self._order.secrets,
            by=self._order.by,
            time=time.time(),
        )

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
        await site.run(script, timeout=COMMAND, tell=told.say)

    async def _hooks(self, phase: DeployPhase, when: str, site: Site, told: Told) -> None:
        for hook in hooks_of(self._plan, site.plan, phase, when):
            if site.folder == "live" and not site.plan.old:
                told.say(f"no release is here yet to run: {hook.command}")
                continue
            told.say(f"$ {hook.command}")
            await self.command(site, hook.command, told)

    async def _log(self, site: Site, told: Told, began: str) -> None:
        """Tell what the slot wrote since its log was so many bytes long: there it says why."""
        script = scripts.log_tail(site.layout, site.plan.slot, int(began.partition("\n")[0] or 0))
        done = await site.connection.run(script, check=False)
        for line in done.text.splitlines():
            told.say(line)
