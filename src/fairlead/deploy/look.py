"""What hosts serve and what was deployed to them: asked of the hosts, changing nothing."""

import asyncio
import shlex
from collections.abc import Sequence

import msgspec

from fairlead.deploy.base import Connection
from fairlead.deploy.commands.facts import Facts, facts_script, read_facts
from fairlead.deploy.hosts import close_all, open_each
from fairlead.deploy.layout import layout_of, other, processes_of, user_of
from fairlead.deploy.lock import Holder, holder_of
from fairlead.deploy.probe import probe_nginx
from fairlead.deploy.ssh import SshConnection
from fairlead.errors import HostError
from fairlead.model.deployment import Live, Past
from fairlead.model.environment import Environment, Host
from fairlead.settings import Settings
from fairlead.util.decoding import from_json

_PATIENCE = 30.0
"""Seconds that a look at a host may take beside what its health check may."""

_TORN = 10
"""Lines of a history that a full disk may have cut off."""


async def status(environment: Environment, connections: Sequence[Connection]) -> tuple[Live, ...]:
    """What each host serves, in their order; what goes wrong on one is its ``note``."""
    return tuple(await asyncio.gather(*(_live(environment, one) for one in connections)))


async def status_of(environment: Environment, settings: Settings) -> tuple[Live, ...]:
    """What the hosts of an environment serve, those that cannot be reached among them."""
    hosts = environment.hosts
    found = await open_each(hosts, user=user_of(environment), settings=settings)
    connections = tuple(one for one in found if isinstance(one, SshConnection))
    try:
        lives = iter(await status(environment, connections))
    finally:
        await close_all(connections)
    return tuple(
        next(lives) if isinstance(one, SshConnection) else unreached(host, one)
        for host, one in zip(hosts, found, strict=True)
    )


async def history(
    environment: Environment, connections: Sequence[Connection], *, most: int = 50
) -> tuple[Past, ...]:
    """What was deployed, newest first: each deployment once, whichever hosts remember it.

    Raises ``HostError`` where a host does not answer.
    """
    path = shlex.quote(layout_of(environment).history)
    script = f"[ ! -f {path} ] || tail -n {most + _TORN} {path}"
    told = await asyncio.gather(*(connection.run(script) for connection in connections))
    found = dict.fromkeys(past for done in told for past in _pasts(done.out))
    return tuple(sorted(found, key=lambda past: past.time, reverse=True)[:most])


def unreached(host: Host, error: HostError) -> Live:
    """A host that could not be asked."""
    return Live(host=str(host), reached=False, note=str(error).removeprefix(f"{host}: "))


async def _live(environment: Environment, connection: Connection) -> Live:
    try:
        done, busy = await asyncio.gather(
            connection.run(facts_script(environment, connection.host), timeout=_PATIENCE),
            holder_of(connection, layout_of(environment)),
        )
        facts = read_facts(done.text)
        live = told(connection.host, facts, busy)
        if not live.version:
            return live
        healthy, note = await _health(environment, connection, facts, live.version)
    except HostError as error:
        return unreached(connection.host, error)
    return msgspec.structs.replace(live, healthy=healthy, note=note)


def told(host: Host, facts: Facts, busy: Holder | None) -> Live:
    """What a host's facts say of what it serves, but for its health."""
    live = facts.slots.get(facts.live)
    spare = other(facts.live) if facts.live else ""
    warm = facts.slots.get(spare)
    running = any(slot == spare and state == "running" for (slot, _), state in facts.states.items())
    journal = facts.journal
    note = "" if facts.there else "not provisioned: fairlead provision makes it ready"
    return Live(
        host=str(host),
        slot=facts.live,
        release=live.number if live else 0,
        version=live.version if live else "",
        commit=live.commit if live else "",
        since=facts.since,
        by=live.by if live else "",
        warm=warm.version if warm and running else "",
        warm_release=warm.number if warm and running else 0,
        maintenance=facts.closed,
        note=note,
        busy=str(busy) if busy else "",
        died=(journal.by or "somebody") if journal and not busy else "",
    )


async def _health(
    environment: Environment, connection: Connection, facts: Facts, version: str
) -> tuple[bool | None, str]:
    """Whether the processes run and the release answers through nginx as itself."""
    processes = processes_of(environment, connection.host.roles)
    if facts.states_known:
        states = {process: facts.states.get((facts.live, process), "") for process in processes}
        bad = [f"{process} is {state or 'absent'}" for process, state in states.items()]
        bad = [text for text in bad if not text.endswith("is running")]
        if bad:
            return False, ", ".join(bad)
    if "web" not in processes:
        return (True, "") if facts.states_known else (None, facts.trouble)
    timeout = _PATIENCE + environment.health.timeout
    done = await connection.run(probe_nginx(environment, version), timeout=timeout, check=False)
    said = done.err.decode("utf-8", "replace").strip().splitlines()
    if done.code:
        return False, said[-1] if said else "it does not answer"
    return True, "" if facts.states_known else facts.trouble


def _pasts(lines: bytes) -> list[Past]:
    found = []
    for line in lines.splitlines():
        # A line that a full disk cut off tells nothing; the others still do.
        try:
            found.append(from_json(line, Past))
        except msgspec.DecodeError:
            continue
    return found
