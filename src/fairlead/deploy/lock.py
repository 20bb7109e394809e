"""One deployment at a time: a lock on every host, held by a session that dies with its holder.

The lock is the kernel's (flock) on a file that is never removed; ``lock.json`` beside it only says
who it is. One that is there while nobody holds the lock is of a deployment that ended without
letting go.
"""

import asyncio
import getpass
import os
import shlex
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime

import msgspec

from fairlead.deploy.base import Connection, Held
from fairlead.deploy.layout import Layout
from fairlead.deploy.troubles import together
from fairlead.errors import DeploymentLocked, HostError, HostFailed, HostLost
from fairlead.model.environment import Host
from fairlead.util.decoding import from_json

_LOOKED = ":fairlead: looked"
"""What ends what a host tells of itself."""

_WAIT = 1
"""Seconds to wait for a lock: a look at it holds it for a moment."""


class Holder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Who holds a lock: their name, since when (Unix seconds), what for, and from which machine."""

    by: str = ""
    since: float = 0.0
    what: str = "deploy"
    machine: str = ""
    process: int = 0

    def __str__(self) -> str:
        since = f" since {datetime.fromtimestamp(self.since):%Y-%m-%d %H:%M:%S}"  # noqa: DTZ006
        machine = f" from {self.machine} (process {self.process})" if self.machine else ""
        return f"{self.by or 'somebody'}{machine}{since if self.since else ''}"


class Locks:
    """The locks of several hosts. ``leftovers`` pairs hosts with who died holding theirs.

    ``told`` is what each host's look (see ``lock_all``) said of it, by host.
    """

    def __init__(self, layout: Layout, look: Callable[[Host], str] | None = None) -> None:
        self.told: dict[str, str] = {}
        self._look = look
        self.leftovers: tuple[tuple[str, Holder], ...] = ()
        self._layout = layout
        self._held: list[tuple[Connection, Held]] = []

    def check(self) -> None:
        """Raises ``HostLost`` where a lock was lost, because its host or we were away too long."""
        for connection, held in self._held:
            if not held.alive:
                raise HostLost(
                    f"{connection.host}: the lock was lost, somebody else may deploy by now"
                )

    async def release(self) -> None:
        """Let go of all of them; a host that is gone has let go by itself."""
        held, self._held = self._held, []
        await asyncio.gather(*(self._let_go(*pair) for pair in held), return_exceptions=True)

    async def take(self, connection: Connection, holder: Holder) -> None:
        """Lock one host, or raise ``DeploymentLocked``."""
        look = self._look(connection.host) if self._look else ""
        held = await connection.hold(_taking(self._layout, holder, look), until=_LOOKED)
        word, _, rest = held.first.partition(" ")
        if word == "busy":
            await held.close()
            raise DeploymentLocked(
                f"{connection.host} is being deployed to by {_read(rest) or Holder()}",
                hint="it ends by itself when they are done, or when their session does",
            )
        if word != "held":
            await held.close()
            raise HostFailed(f"{connection.host}: {held.first}")
        self._held.append((connection, held))
        self.told[str(connection.host)] = "\n".join(held.more)
        if left := _read(rest):
            self.leftovers += ((str(connection.host), left),)

    async def _let_go(self, connection: Connection, held: Held) -> None:
        try:
            if held.alive:
                told = shlex.quote(f"{self._layout.lock}.json")
                await connection.run(f"rm -f {told} {told}.new", check=False)
        finally:
            await held.close()


async def lock_all(
    connections: Sequence[Connection],
    layout: Layout,
    *,
    by: str = "",
    what: str = "deploy",
    look: Callable[[Host], str] | None = None,
) -> Locks:
    """Lock every host, or none: raises ``DeploymentLocked`` with who deploys, and since when.

    The first host by name is locked before the others, so that of two who begin together one goes
    on. What a host says against it (no folder, no disk) is raised as ``HostFailed``. ``look``
    makes a script for a host that is carried out there once it is locked, on the same way.
    """
    holder = Holder(
        by=by or whoami(), since=time.time(), what=what, machine=socket.gethostname(),
        process=os.getpid(),
    )  # fmt: skip
    locks = Locks(layout, look)
    first, *others = sorted(connections, key=lambda connection: str(connection.host))
    try:
        await _to_their_end(locks.take(first, holder))
        await _to_their_end(*(locks.take(connection, holder) for connection in others))
    except BaseException:
        await locks.release()
        raise
    return locks


async def _to_their_end(*takes: Coroutine[None, None, None]) -> None:
    """Wait for all of them, also where we are cancelled or one of them failed.

    A lock that was given up half-way would look as if its holder had died.
    """
    tasks = [asyncio.create_task(take) for take in takes]
    if not tasks:
        return
    try:
        await asyncio.wait(tasks)
    except BaseException:
        await asyncio.wait(tasks)
        raise
    errors = [error for task in tasks if (error := task.exception())]
    away = [error for error in errors if isinstance(error, HostError)]
    if errors:
        raise together(away) if len(away) == len(errors) else _first_of(errors)


def _first_of(errors: list[BaseException]) -> BaseException:
    """That somebody else deploys matters more than that a host is away."""
    return next((error for error in errors if isinstance(error, DeploymentLocked)), errors[0])


async def holder_of(connection: Connection, layout: Layout) -> Holder | None:
    """Who deploys to a host now, if anybody."""
    done = await connection.run(looking(layout), check=False)
    return (_read(done.text) or Holder()) if done.code == 1 else None


def looking(layout: Layout) -> str:
    """A script that ends with 1 and says who, where the lock is held; it takes nothing."""
    lock = shlex.quote(layout.lock)
    return (
        f"[ -e {lock} ] || exit 0; exec 9<{lock}; "
        f"flock -n -s 9 && exit 0; cat {lock}.json 2>/dev/null; exit 1"
    )


def whoami() -> str:
    """The person at this machine, as far as it knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _taking(layout: Layout, holder: Holder, look: str) -> str:
    lock, told = shlex.quote(layout.lock), shlex.quote(layout.lock + ".json")
    said = shlex.quote(msgspec.json.encode(holder).decode())
    return (
        f"exec 9>>{lock}; "
        f'if ! flock -w {_WAIT} 9; then echo "busy $(cat {told} 2>/dev/null)"; exit 0; fi; '
        f"left=$(cat {told} 2>/dev/null || :); "
        f"printf '%s\\n' {said} >{told}.new; mv {told}.new {told}; "
        f'echo "held $left"; set +e; (\nset -e\n{look}\n) 9>&-; '
        f"echo {shlex.quote(_LOOKED)}; exec sleep infinity"
    )


def _read(text: str) -> Holder | None:
    try:
        return from_json(text, Holder) if text else None
    except msgspec.DecodeError:
        return None
