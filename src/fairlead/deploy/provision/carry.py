"""Provisioning: look at all hosts at once, show what differs, make it so, look again."""

import asyncio
from collections.abc import Callable, Collection, Sequence

import msgspec

from fairlead.deploy.base import Connection
from fairlead.deploy.provision.applying import application
from fairlead.deploy.provision.diff import Change, changes
from fairlead.deploy.provision.parts import parts_of
from fairlead.deploy.provision.probe import MARK, State, probe_script, read_state
from fairlead.deploy.provision.resources import Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import FairleadError, HostFailed
from fairlead.model.environment import Environment, Host

_LOOKING = 60.0
_APPLYING = 1800.0
"""Seconds; packages may have to come from far away."""

Tell = Callable[[str, str], None]
"""Gets a host and a line of what is done there."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What one host would need; ``error`` says why that could not be found out."""

    host: str
    system: str = ""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one host: what was changed, and what still differs afterwards."""

    host: str
    changed: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    error: str = ""


class _Looked(msgspec.Struct, frozen=True):
    target: Target
    parts: tuple[Part, ...]
    state: State
    changes: tuple[Change, ...]


async def look(
    environment: Environment, connections: Sequence[Connection], *, secrets: Collection[str] = ()
) -> tuple[Outlook, ...]:
    """What each host would need to be as the environment wants it; nothing is changed.

    ``secrets`` are values that must not be shown. A host that fails tells so in its ``error``.
    Raises ``UsageError`` for what the environment asks for and no host can have.
    """
    looked = await _look_all(environment, connections, secrets)
    return tuple(map(_outlook, connections, looked))


async def provision(
    environment: Environment,
    connections: Sequence[Connection],
    *,
    agree: Callable[[tuple[Outlook, ...]], bool] = lambda _: True,
    secrets: Collection[str] = (),
    tell: Tell = lambda _host, _line: None,
) -> tuple[Provisioned, ...]:
    """Bring every host to what the environment wants, in two round trips each.

    ``agree`` sees what would change and may refuse: then nothing is. Hosts on which nothing
    differs are left alone, and one that fails does not keep others from being made ready: its
    ``error`` says what happened, and what belongs together on it is as before.
    """
    looked = await _look_all(environment, connections, secrets)
    outlooks = tuple(map(_outlook, connections, looked))
    if not any(outlook.changes for outlook in outlooks) or not agree(outlooks):
        return tuple(
            Provisioned(host=outlook.host, left=outlook.changes, error=outlook.error)
            for outlook in outlooks
        )
    return tuple(
        await asyncio.gather(
            *(
                _apply(connection, found, secrets, tell)
                for connection, found in zip(connections, looked, strict=True)
            )
        )
    )


async def _look_all(
    environment: Environment, connections: Sequence[Connection], secrets: Collection[str]
) -> list[_Looked | FairleadError]:
    targets = [_target(environment, connection.host) for connection in connections]
    for target in targets:
        parts_of(target)  # what cannot be written down is told before any host is asked
    return list(
        await asyncio.gather(
            *(
                _look(connection, target, secrets)
                for connection, target in zip(connections, targets, strict=True)
            )
        )
    )


def _target(environment: Environment, host: Host) -> Target:
    """The host as the environment names it: who signs in just now may be another."""
    same = (known for known in environment.hosts
            if (known.address, known.port) == (host.address, host.port))  # fmt: skip
    known = next(same, host)
    first = not environment.hosts or known.address == environment.hosts[0].address
    return Target(environment=environment, host=known, first=first)


async def _look(
    connection: Connection, target: Target, secrets: Collection[str]
) -> _Looked | FairleadError:
    try:
        script = probe_script(target.name, parts_of(target))
        done = await connection.run(script, root=True, timeout=_LOOKING)
        state = read_state(done.out)
        _supported(state)
        target = msgspec.structs.replace(target, facts=state.facts)
        parts = parts_of(target)
    except FairleadError as error:
        return error
    return _Looked(target, parts, state, changes(parts, state, secrets))


def _supported(state: State) -> None:
    if not state.packages:
        raise HostFailed(
            f"this is not Debian or Ubuntu ({state.facts.system or 'no /etc/os-release'})",
            hint="hosts of other systems are made ready by hand, and deployed to all the same",
        )


def _outlook(connection: Connection, found: _Looked | FairleadError) -> Outlook:
    host = str(connection.host)
    if isinstance(found, FairleadError):
        return Outlook(host=host, error=str(found))
    changed = {change.part for change in found.changes}
    notes = [note for part in found.parts if part.name in changed for note in part.notes]
    return Outlook(host=host, system=found.state.facts.system, changes=found.changes,
                   notes=tuple(notes))  # fmt: skip


async def _apply(
    connection: Connection,
    found: _Looked | FairleadError,
    secrets: Collection[str],
    tell: Tell,
) -> Provisioned:
    host = str(connection.host)
    if isinstance(found, FairleadError):
        return Provisioned(host=host, error=str(found))
    if not found.changes:
        return Provisioned(host=host)
    order = application(
        found.target.name,
        found.parts,
        {change.part for change in found.changes},
        [package for part in found.parts for package in part.packages
         if package not in found.state.packages],
    )  # fmt: skip
    try:
        done = await connection.run(
            order.script,
            data=order.data,
            root=True,
            timeout=_APPLYING,
            tell=_until_mark(lambda line: tell(host, line)),
        )
        left = changes(found.parts, read_state(done.out), secrets)
    except FairleadError as error:
        return Provisioned(host=host, left=found.changes, error=str(error))
    return Provisioned(host=host, changed=found.changes, left=left)


def _until_mark(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Lines of progress; those behind the mark are the host's answer, for nobody to read."""
    telling = [True]

    def line(text: str) -> None:
        telling[0] = telling[0] and text != MARK
        if telling[0]:
            tell(text)

    return line
