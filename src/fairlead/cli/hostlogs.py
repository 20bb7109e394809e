"""What `fairlead logs` shows of an environment: the last lines of its hosts, and those to come."""

import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from fairlead.deploy.ssh import SshConnection
    from fairlead.model.environment import Environment, Host

_LAST = 100


def is_environment(text: str) -> bool:
    """Whether something names an environment: it does not read as a build.

    Raises ``UsageError`` where it is neither, ``PipelineError`` where the file is broken that
    would tell.
    """
    from fairlead.client.address import read_build
    from fairlead.errors import FairleadError, PipelineError, UsageError

    try:
        read_build(text)
    except UsageError as error:
        try:
            reaching.check_project()
            known = context.environments()
        except FairleadError as broken:
            raise (broken if isinstance(broken, PipelineError) else error) from None
        if known.environments and "/" not in text:
            context.environment(text)
            return True
        raise
    return False


def show(name: str, *, only: Sequence[str], kind: str, follow: bool, tail: int | None) -> None:
    """Write the lines of the environment's hosts, in one stream, each with its host's name."""
    environment, hosts = reaching.place(name, only)
    script = script_of(environment, kind, follow=follow, tail=_LAST if tail is None else tail)
    reaching.carry_out(_show(environment, hosts, script))


def script_of(environment: "Environment", kind: str, *, follow: bool, tail: int) -> str:
    """What a host runs: ``tail``, also of the slot that becomes live while it is watched."""
    from fairlead.deploy.layout import layout_of

    layout = layout_of(environment)
    folder = shlex.quote(layout.log)
    if kind != "app":
        option = "-F" if follow else ""
        return f"cd {folder}\nexec tail -n {tail} {option} {kind}.log"
    live = shlex.quote(layout.slot("live"))
    begin = f"cd {folder}\nlive=$(readlink {live} || :)\n"
    if not follow:
        return f'{begin}[ -z "$live" ] || exec tail -n {tail} "$live.log"'
    return (
        f'{begin}case "$live" in blue) other=green ;; *) live=${{live:-green}} other=blue ;; esac\n'
        # One that is not there yet may be there, with its first lines, once tail looks for it.
        f'n=0; [ -e "$other.log" ] || n=+1; tail -n "$n" -F "$other.log" 2>/dev/null &\n'
        f'exec tail -n {tail} -F "$live.log" 2>/dev/null'
    )


async def _show(environment: "Environment", hosts: "tuple[Host, ...]", script: str) -> None:
    import asyncio

    names = reaching.names_of(hosts)
    width = max(map(len, names.values()))

    async def one(connection: "SshConnection") -> None:
        name = names[str(connection.host)]
        start = f"{name:<{width}} | " if len(hosts) > 1 else ""
        lines: AsyncIterator[str] = connection.lines(script)
        async for line in lines:
            _write(start, line)

    async with reaching.connected(environment, hosts) as connections:
        await asyncio.gather(*map(one, connections))


def _write(start: str, line: str) -> None:
    if sys.stdout.isatty():
        from fairlead.cli.view.clean import clean

        line = clean(line, colour=True)
    click.echo(start + line)
