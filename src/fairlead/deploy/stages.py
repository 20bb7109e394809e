"""What makes a host ready, phase by phase: made of a plan, to be carried out as one script."""

from collections.abc import Iterator

import msgspec

from fairlead.deploy.commands import preparing as scripts
from fairlead.deploy.commands.base import GENTLY
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.parts import Part
from fairlead.deploy.plan import KEPT, SEND, WARM, HostPlan, Plan
from fairlead.deploy.probe import probe_slot
from fairlead.deploy.sites import Site
from fairlead.model.deployment import DeployPhase
from fairlead.model.environment import Environment, Hook
from fairlead.model.plan import Value
from fairlead.model.release import Manifest

_LIVE = "live"
_UPLOAD = 1800.0
_INSTALL = 900.0
COMMAND = 3600.0
"""Seconds that a command of the project may take."""
_MARGIN = 15.0


class Stage(Value, frozen=True, kw_only=True):
    """A phase on a host, with the hooks before and after it."""

    phase: DeployPhase
    parts: tuple[Part, ...] = ()
    note: str = ""
    skipped: bool = False


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to a host: the manifest of its release, and the bytes of its file and of its slot.

    ``file`` is 0 where the host keeps the release.
    """

    manifest: Manifest
    file: int
    slot: int


def hooks_of(plan: Plan, host: HostPlan, phase: DeployPhase, when: str) -> Iterator[Hook]:
    """The hooks of a phase that run on a host, ``before`` or ``after`` it."""
    for hook in plan.environment.hooks:
        wanted = (hook.phase, hook.when) == (phase.value, when)
        if wanted and (hook.on != "first" or host == plan.first):
            yield hook


class Stages:
    """How a host comes to a release: ``began`` starts it, ``asked`` asks it, where that is done."""

    def __init__(self, plan: Plan, site: Site, entry: Journal, brought: Brought | None) -> None:
        self._plan = plan
        self._site = site
        self._host = site.plan
        self._entry = entry
        self._new = f".{site.plan.slot}.new"
        self.began = self._beginning()
        self.asked = self._asking() if self._host.web else None
        self.all = (*(self._bringing(brought) if brought else ()), self._restart(), self._probe())

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts of all stages, in order."""
        return tuple(part for stage in self.all for part in stage.parts)

    def _bringing(self, brought: Brought) -> Iterator[Stage]:
        layout, folder, manifest = self._site.layout, self._host.folder, brought.manifest
        yield self._upload(brought)
        clean = Part(script=scripts.clean(layout, folder, self._entry))
        yield self._stage(DeployPhase.CLEAN, clean)
        install = Part(script=scripts.install(layout, folder, manifest), timeout=_INSTALL)
        place = Part(script=scripts.place(layout, self._host.slot), size=brought.slot)
        note = "nothing new" if manifest.environment else "no packages"
        if self._host.install:
            note = f"{len(manifest.requirements)} packages for Python {manifest.python}"
        needed = (install, place) if self._host.install else (place,)
        yield self._stage(DeployPhase.INSTALL, *needed, then=self._new, note=note)
        yield self._static()

    def _upload(self, brought: Brought) -> Stage:
        layout, folder = self._site.layout, self._host.folder
        cool = self._cooling() if self._host.busy else ()
        if not brought.file:
            note = "the host keeps this release"
            stage = self._stage(DeployPhase.UPLOAD, note=note, skipped=True)
        else:
            script = scripts.upload(layout, folder, brought.manifest, self._entry)
            part = Part(script=script, size=brought.file, timeout=_UPLOAD)
            note = f"{brought.file / 1e6:.1f} MB"
            stage = self._stage(DeployPhase.UPLOAD, part, note=note)
        return msgspec.structs.replace(stage, parts=(*cool, *stage.parts))

    def _cooling(self) -> tuple[Part, ...]:
        """Stop what the idle slot runs, beside what comes before it is started again."""
        site, host = self._site, self._host
        script = scripts.cool(site.layout, host.slot, host.processes, site.functions)
        return (Part(script=script, timeout=patience(self._environment), aside=True),)

    def _static(self) -> Stage:
        line = self._environment.build_static
        if line and self._host.web:
            made = self._command(line, self._new)
            made = msgspec.structs.replace(made, script=GENTLY + made.script)
            return self._stage(DeployPhase.STATIC, made, at=self._new)
        note = "comes with the release"
        return self._stage(DeployPhase.STATIC, at=self._new, note=note, skipped=True)

    def _beginning(self) -> Part | None:
        site, host = self._site, self._host
        if host.way == WARM:
            return None
        made = scripts.start if host.way in {KEPT, SEND} else scripts.begin_web
        script = made(site.layout, host.slot, host.processes, functions=site.functions)
        joins = host.busy and host.way in {KEPT, SEND}
        timeout = patience(self._environment) * (2 if joins else 1)
        return Part(script=script, timeout=timeout, joins=joins)

    def _restart(self) -> Stage:
        at = self._new if self._host.way in {KEPT, SEND} else _LIVE
        slot = self._host.slot
        if self.began is None:
            note = "still warm"
            return self._stage(DeployPhase.RESTART, at=at, then=slot, note=note, skipped=True)
        return self._stage(DeployPhase.RESTART, self.began, at=at, then=slot, note=slot)

    def _asking(self) -> Part:
        site, version = self._site, self._plan.about.version
        script = probe_slot(self._environment, self._host.slot, version, site.functions)
        return Part(script=script, timeout=patience(self._environment))

    def _probe(self) -> Stage:
        slot = self._host.slot
        if self.asked is None:
            note = "no web server here"
            return self._stage(DeployPhase.PROBE, at=slot, note=note, skipped=True)
        return self._stage(DeployPhase.PROBE, self.asked, at=slot)

    def _stage(
        self,
        phase: DeployPhase,
        *parts: Part,
        at: str = _LIVE,
        then: str = "",
        note: str = "",
        skipped: bool = False,
    ) -> Stage:
        """A stage whose hooks run in the folder ``at`` before it, and in ``then`` after it."""
        before = self._hooks(phase, "before", at)
        after = self._hooks(phase, "after", then or at)
        return Stage(phase=phase, parts=(*before, *parts, *after), note=note, skipped=skipped)

    def _hooks(self, phase: DeployPhase, when: str, folder: str) -> Iterator[Part]:
        for hook in hooks_of(self._plan, self._host, phase, when):
            if folder == _LIVE and not self._host.old:
                said = f"no release is here yet to run: {hook.command}"
                yield Part(script=":", aloud=True, title=said)
            else:
                yield self._command(hook.command, folder, title=f"$ {hook.command}")

    def _command(self, line: str, folder: str, title: str = "") -> Part:
        script = scripts.in_release(self._site.layout, folder, line)
        return Part(script=script, timeout=COMMAND, aloud=True, title=title)

    @property
    def _environment(self) -> Environment:
        return self._plan.environment


def patience(environment: Environment) -> float:
    """Seconds that starting, asking or stopping a release may take, in all."""
    stopping = environment.app.timeout if environment.app else 0.0
    return environment.health.patience + stopping + _MARGIN
