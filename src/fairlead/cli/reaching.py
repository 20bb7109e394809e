"""What commands share that reach an environment's hosts: which ones, and a way to them."""

import os
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.cli.view.look import Look
    from fairlead.deploy.ssh import SshConnection
    from fairlead.model.environment import Environment, Host

T = TypeVar("T")


def place(name: str, only: Sequence[str] = ()) -> "tuple[Environment, tuple[Host, ...]]":
    """An environment and those of its hosts that are meant. Raises ``UsageError``."""
    from fairlead.cli.provision import hosts_of

    check_project()
    environment = context.environment(name)
    return environment, hosts_of(environment, only)


def check_project() -> None:
    """Raises ``UsageError`` where no pipeline file is, before a whole folder is looked through."""
    from fairlead.errors import UsageError
    from fairlead.runner.checkout.repository import PIPELINE_FILES, find_repository, project_root

    here = Path.cwd().resolve()
    root = project_root(here, find_repository(here))
    if not any((root / name).exists() for name in PIPELINE_FILES):
        raise UsageError(
            "there is no fairlead.yml here", hint="write where to deploy to under `environments`"
        )


def one_host(environment: "Environment", only: str | None) -> "Host":
    """The host that is meant: the one that is named, else the first that serves requests."""
    from fairlead.cli.provision import hosts_of

    hosts = hosts_of(environment, (only,) if only else ())
    return next((host for host in hosts if "web" in host.roles), hosts[0])


@asynccontextmanager
async def connected(
    environment: "Environment", hosts: "Sequence[Host]"
) -> "AsyncIterator[tuple[SshConnection, ...]]":
    """Connections to hosts, all or none, for scripts as the application's user."""
    from fairlead.deploy.hosts import close_all, open_all
    from fairlead.deploy.layout import user_of

    connections = await open_all(hosts, user=user_of(environment), settings=context.settings())
    try:
        yield connections
    finally:
        await close_all(connections)


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; Ctrl-C ends what it runs on hosts first."""
    import asyncio

    return asyncio.run(work)


def look_here() -> "Look":
    """How to write to standard output."""
    from fairlead.cli.view.look import look_of

    return look_of(sys.stdout, os.environ)


def names_of(hosts: "Sequence[Host]") -> dict[str, str]:
    """Short names by full ones: no user, no port, no domain, where they still differ then."""
    addresses = {str(host): host.address for host in hosts}
    if len(set(addresses.values())) < len(addresses):
        return {name: name for name in addresses}
    first = {name: address.split(".")[0] for name, address in addresses.items()}
    plain = not any(word.isdecimal() or ":" in word for word in first.values())
    return first if plain and len(set(first.values())) == len(first) else addresses


def when(moment: float) -> str:
    """A time of this machine's zone, to the minute."""
    from datetime import datetime

    return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M}" if moment else ""
