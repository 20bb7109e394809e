"""What a deployment will do on each host: made of what was asked for and of what is there."""

from collections.abc import Callable

import msgspec

from fairlead.deploy.commands.facts import Facts
from fairlead.deploy.layout import other, processes_of
from fairlead.deploy.migrations import Change, change
from fairlead.deploy.order import DeployOrder, Order, RollbackOrder
from fairlead.deploy.slots import About, identity
from fairlead.errors import DeploymentRefused
from fairlead.model.environment import Environment, Host
from fairlead.model.plan import Value
from fairlead.model.release import Manifest, Release

WARM, START, KEPT, SEND, NOTHING = "warm", "start", "kept", "send", "nothing"
"""A host's way to a release: its slot runs it or holds it, it keeps it, needs it, has it live."""

_VERSION = 12
"""Digits of a version."""

_ROOM = 4
"""Times a release's size that it may take while it is unpacked and installed."""


class HostPlan(Value, frozen=True, kw_only=True):
    """One host: ``slot`` becomes live in place of ``old``, which is empty where none is.

    ``folder`` is the release's, ``way`` how the host comes to it, ``install`` whether its
    environment has to be made. ``warm`` says that the slot's web server runs what it holds now,
    ``busy`` that any process of it does.
    """

    host: Host
    slot: str
    old: str = ""
    folder: str
    way: str
    install: bool = False
    warm: bool = False
    busy: bool = False
    closed: bool = False
    """Whether a person closed the site here."""
    processes: tuple[str, ...] = ()
    was: About | None = None

    @property
    def web(self) -> bool:
        """Whether it serves requests."""
        return "web" in self.processes

    @property
    def workers(self) -> tuple[str, ...]:
        """Its processes beside the web server."""
        return tuple(process for process in self.processes if process != "web")


class Plan(Value, frozen=True, kw_only=True):
    """A whole deployment. ``about`` is the release that goes live, ``previous`` what was live.

    ``close`` says that the site is closed while it migrates and switches, ``closed`` that a
    deployment that died had closed it.
    """

    kind: str
    environment: Environment
    about: About
    hosts: tuple[HostPlan, ...]
    previous: str = ""
    change: Change = Change()
    migrate: bool = False
    close: bool = False
    closed: bool = False

    @property
    def first(self) -> HostPlan:
        """The host on which happens what happens once."""
        return self.hosts[0]


Found = tuple[tuple[Host, Facts], ...]


def make_plan(order: Order, found: Found, manifest: Manifest | None = None) -> Plan:
    """The plan for hosts as they were found.

    ``manifest`` is that of the release a rollback goes to, where the order brings none. Raises
    ``DeploymentRefused`` for hosts that cannot take it and for a way back that is not there.
    """
    environment = order.environment
    known = manifest or (order.release.manifest if order.release else None)
    check = f"fairlead provision {environment.name} --check tells what is missing"
    _refuse(found, lambda facts: _unfit(facts, known), hint=check)
    target = _target(order, found)
    if manifest:
        target = _with_manifest(target, manifest)
    room = "make room there; `keep` says how many releases stay on hosts"
    _refuse(found, lambda facts: _cramped(order, target, facts), hint=room)
    forward = isinstance(order, DeployOrder)
    hosts = tuple(_host(order, target, host, facts) for host, facts in found)
    if all(host.way == NOTHING for host in hosts):
        raise DeploymentRefused(f"release {target.name} is live already")
    live = next((host.was for host in hosts if host.was), None)
    turn = change(manifest or (order.release.manifest if order.release else target), live)
    if turn.over and not order.forced:
        files = ", ".join(turn.over)
        raise DeploymentRefused(
            f"going back to release {target.name} would go over what cannot be undone: {files}",
            hint="--force goes back all the same, and is recorded",
        )
    return Plan(
        kind="deploy" if forward else "rollback",
        environment=environment,
        about=target,
        hosts=hosts,
        previous=live.version if live else "",
        change=turn,
        migrate=forward and bool(environment.migrations.command),
        close=forward and bool(environment.maintenance or turn.closing),
        closed=any(facts.closed_by_us for _, facts in found),
    )


def kept_target(order: RollbackOrder, found: Found) -> tuple[str, int]:
    """The folder whose manifest a rollback needs, and the host (from 0) that has it.

    That is a release which some host only keeps, in no slot. The folder is empty where there is
    none such.
    """
    target = _target(order, found)
    for index, (_, facts) in enumerate(found):
        if _way(order, target, facts) == KEPT:
            return _folder_of(target, facts), index
    return "", 0


def _target(order: Order, found: Found) -> About:
    if isinstance(order, DeployOrder):
        return about_release(order.release)
    # What hosts keep goes before the shelf, which may call another release by that number.
    to = order.to
    for _, facts in found:
        idle = held(facts, other(facts.live)) if facts.live else None
        live = facts.slots.get(facts.live)
        for one in (idle, live if to else None):
            if one and (not to or _is(one, to)):
                return one
    for _, facts in found:
        names = sorted(name for name in facts.releases if to and name.partition("-")[0] == to)
        if names:
            number = int(to) if to.isdecimal() and len(to) < _VERSION else 0
            version, _, payload = facts.releases[names[-1]].partition(":")
            return About(number=number, version=version, payload=payload)
    if order.release is not None:
        return about_release(order.release)
    raise DeploymentRefused(
        f"no host keeps release {to}" if to else "there is no release to go back to",
        hint="fairlead releases lists those that can be deployed",
    )


def about_release(release: Release) -> About:
    """What a release is, as a slot would say it."""
    return _with_manifest(About(number=release.number, version=""), release.manifest)


def held(facts: Facts, slot: str) -> About | None:
    """What a slot held before a deployment that died put something else there."""
    return facts.before.get(slot) or facts.slots.get(slot)


def _is(about: About, to: str) -> bool:
    return to == str(about.number) or (len(to) > 3 and about.version.startswith(to))  # noqa: PLR2004


def _same(one: About | None, other: About) -> bool:
    if one is None:
        return False
    return identity(one) == identity(other)


def _folder_of(target: About, facts: Facts) -> str:
    """The folder in which a host keeps a release; empty where it does not."""
    same = [name for name, found in facts.releases.items() if found == identity(target)]
    return min(same, default="")


def _new_folder(target: About, facts: Facts) -> str:
    """A folder for a release that comes; numbers of two shelves may be the same."""
    taken = target.name in facts.releases
    return f"{target.name}-{target.payload[:12]}" if taken else target.name


def _way(order: Order, target: About, facts: Facts) -> str:
    if isinstance(order, RollbackOrder):
        idle = other(facts.live)
        if _same(facts.slots.get(facts.live), target):
            return NOTHING
        # What a dead deployment left is never started as it is.
        if _same(facts.slots.get(idle), target) and not facts.begun:
            return WARM if facts.running(idle, "web") else START
    return KEPT if _folder_of(target, facts) else SEND


def _host(order: Order, target: About, host: Host, facts: Facts) -> HostPlan:
    way = _way(order, target, facts)
    if way == SEND and not (order.release and _same(about_release(order.release), target)):
        raise DeploymentRefused(f"{host} does not keep release {target.name}")
    slot = other(facts.live)
    processes = processes_of(order.environment, host.roles)
    if way == WARM and "web" not in processes:
        way = START
    missing = bool(target.environment) and target.environment not in facts.environments
    return HostPlan(
        host=host,
        slot=slot,
        old=facts.live,
        folder=_folder_of(target, facts) or _new_folder(target, facts),
        way=way,
        install=way in {KEPT, SEND} and missing,
        warm=facts.running(slot, "web"),
        busy=any(facts.states.get((slot, process)) != "stopped" for process in processes),
        closed=facts.closed and not facts.closed_by_us,
        processes=processes,
        was=facts.slots.get(facts.live),
    )


def _refuse(found: Found, why: Callable[[Facts], str], *, hint: str) -> None:
    """Raises ``DeploymentRefused`` that names every host that cannot take it, and why."""
    bad = [f"{host}: {told}" for host, facts in found if (told := why(facts))]
    if bad:
        raise DeploymentRefused("\n".join(bad), hint=hint)


def _unfit(facts: Facts, manifest: Manifest | None) -> str:
    if not facts.there:
        return "nothing is provisioned for this application"
    if facts.refused:
        folders = ", ".join(facts.refused)
        return f"the application's user may not write to {folders}, or it is not there"
    if not facts.states_known:
        return facts.trouble or "its process manager does not answer"
    platform = manifest.platform if manifest else ""
    if platform.startswith("linux_") and facts.machine not in {"", platform}:
        return f"it is {facts.machine}, and the release is for {platform}"
    return ""


def _cramped(order: Order, target: About, facts: Facts) -> str:
    """Why a host has no room for a release; one that it keeps already needs none."""
    size = order.release.size if order.release else 0
    if facts.free >= size * _ROOM or _way(order, target, facts) != SEND:
        return ""
    return f"{facts.free >> 20} MB are free, and the release may take {size * _ROOM >> 20} MB"


def _with_manifest(target: About, manifest: Manifest) -> About:
    """What is told of a release by its manifest, with the number it has."""
    return msgspec.structs.replace(
        target,
        version=manifest.version,
        commit=manifest.commit,
        environment=manifest.environment,
        python=manifest.python,
        migrations=manifest.migrations,
        irreversible=manifest.irreversible,
        payload=manifest.payload,
    )
