"""All hosts at once: connections opened side by side, and what went wrong with any of them."""

import asyncio
from collections.abc import Iterable

from fairlead.deploy.ssh import SshConnection, connect
from fairlead.deploy.troubles import together
from fairlead.errors import HostError
from fairlead.model.environment import Host
from fairlead.settings import Settings


async def open_all(
    hosts: Iterable[Host], *, user: str | None = None, settings: Settings
) -> tuple[SshConnection, ...]:
    """Sign in to all hosts at once, in their order, for scripts that run as ``user``.

    Where one cannot be reached the others are left again, and what is raised names every host
    that failed: its class is theirs where it is the same one, ``HostError`` otherwise.
    """
    found = await open_each(hosts, user=user, settings=settings)
    failures = [one for one in found if isinstance(one, HostError)]
    connections = tuple(one for one in found if isinstance(one, SshConnection))
    if failures:
        await close_all(connections)
        raise together(failures)
    return connections


async def open_each(
    hosts: Iterable[Host], *, user: str | None = None, settings: Settings
) -> tuple[SshConnection | HostError, ...]:
    """Sign in to all hosts at once; the error itself stands where one did not let us."""

    async def one(host: Host) -> SshConnection | HostError:
        try:
            return await connect(host, user=user, settings=settings)
        except HostError as error:
            return error

    tasks = [asyncio.create_task(one(host)) for host in hosts]
    try:
        return tuple(await asyncio.gather(*tasks))
    except BaseException:
        # Cancelled: those that are in by now must not stay.
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await close_all([each for each in done if isinstance(each, SshConnection)])
        raise


async def close_all(connections: Iterable[SshConnection]) -> None:
    """Sign out of all of them at once."""
    await asyncio.gather(*(connection.close() for connection in connections))
