"""The beginning of a deployment: every host is reached, locked, looked at, and tidied."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from fairlead.deploy.base import Connection
from fairlead.deploy.commands.facts import Facts, facts_script, read_facts
from fairlead.deploy.healing import healing
from fairlead.deploy.layout import layout_of
from fairlead.deploy.lock import Locks, lock_all
from fairlead.deploy.order import Order, RollbackOrder
from fairlead.deploy.plan import Found, kept_target, make_plan
from fairlead.deploy.telling import Teller
from fairlead.errors import DeploymentRefused, FairleadError, HostError, HostFailed
from fairlead.model.deployment import DeployPhase
from fairlead.model.environment import Host
from fairlead.model.release import Manifest
from fairlead.util.decoding import from_json

Connect = Callable[[Host], Awaitable[Connection]]


class Arrival:
    """Connections to the hosts of an order, in their order, and what is held and known there."""

    def __init__(self, order: Order, hosts: tuple[Host, ...], teller: Teller) -> None:
        self._order = order
        self._hosts = hosts
        self._teller = teller
        self._layout = layout_of(order.environment)
        self.connections: tuple[Connection, ...] = ()
        self.locks: Locks | None = None
        self.found: Found = ()

    async def connect(self, connect: Connect) -> None:
        """Sign in everywhere at once; raises one ``HostError`` that names every host that fails."""

        async def one(host: Host) -> Connection:
            with self._teller.phase(DeployPhase.CONNECT, str(host)):
                return await connect(host)

        tasks = [asyncio.ensure_future(one(host)) for host in self._hosts]
        try:
            results = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            self.connections = tuple(c for c in done if not isinstance(c, BaseException))
        errors = [error for error in results if isinstance(error, BaseException)]
        if errors:
            raise _together(errors)

    async def lock(self) -> None:
        """Keep everybody else away, and look; raises ``DeploymentLocked`` with who is at it."""
        try:
            self.locks = await lock_all(
                self.connections, self._layout, by=self._order.by, look=self._looking
            )
        except HostFailed:
            # Where there is nothing to lock, what is missing says more than that.
            await self.look()
            make_plan(self._order, self.found)
            raise
        told = self.locks.told
        self.found = tuple((h, read_facts(told.get(str(h), ""))) for h in self._hosts)

    async def look(self) -> None:
        """Find out what is there."""

        async def one(connection: Connection) -> tuple[Host, Facts]:
            done = await connection.run(self._looking(connection.host), check=False)
            return connection.host, read_facts(done.out.decode("utf-8", "replace"))

        self.found = tuple(await asyncio.gather(*map(one, self.connections)))

    def _looking(self, host: Host) -> str:
        return facts_script(self._order.environment, host)

    async def heal(self) -> None:
        """Clear what a deployer who died left half done, and say so."""
        found = zip(self.connections, self.found, strict=True)
        needed = [
            (connection, cure)
            for connection, (host, facts) in found
            if (cure := healing(self._order.environment, host, facts))
        ]
        for _, cure in needed:
            self._teller.notice(cure.sentence, warning=True)
        if any(facts.closed_by_us for _, facts in self.found):
            self._teller.notice("an earlier deployment left the site closed", warning=True)
        if needed:
            await asyncio.gather(*(one.run(cure.script, timeout=300.0) for one, cure in needed))
            await self.look()

    async def manifest(self) -> Manifest | None:
        """The manifest of the release that goes live, where it is not one that stands in slots."""
        release = self._order.release
        if not isinstance(self._order, RollbackOrder):
            return release.manifest if release else None
        folder, index = kept_target(self._order, self.found)
        if not folder:
            return release.manifest if release else None
        script = f"cat {self._layout.releases}/{folder}/manifest.json"
        done = await self.connections[index].run(script)
        try:
            return from_json(done.out, Manifest)
        except msgspec.DecodeError as error:
            raise DeploymentRefused(f"release {folder} says nothing of itself: {error}") from error

    async def leave(self) -> None:
        """Let go of the locks and sign out."""
        if self.locks:
            await self.locks.release()
        await asyncio.gather(*(c.close() for c in self.connections), return_exceptions=True)


def _together(errors: list[BaseException]) -> BaseException:
    """One error that names every host that could not be reached."""
    known = [error for error in errors if isinstance(error, FairleadError)]
    if len(errors) == 1 or len(known) < len(errors):
        return next((error for error in errors if error not in known), errors[0])
    kinds = {type(error) for error in known}
    kind = kinds.pop() if len(kinds) == 1 else HostError
    hints = dict.fromkeys(error.hint for error in known if error.hint)
    return kind("\n".join(error.message for error in known), hint="\n  ".join(hints))
