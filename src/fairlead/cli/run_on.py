"""`fairlead run-on`: a command on hosts, in the live release with its variables and its Python."""

import shlex
import sys
from typing import TYPE_CHECKING

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlead.deploy.ssh import SshConnection
    from fairlead.model.environment import Environment, Host


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: fairlead run-on production -- python manage.py check --deploy",
)
@click.argument("name", metavar="ENVIRONMENT")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...", required=True)
@click.option("--host", metavar="HOST", help="This one (default: the first that serves requests).")
@click.option("--all", "everywhere", is_flag=True, help="On all hosts at once, lines by host.")
@click.option("-n", "alone", is_flag=True, help="Do not read our input: it gets none.")
def command(
    *, name: str, words: tuple[str, ...], host: str | None, everywhere: bool, alone: bool
) -> int:
    """Run COMMAND on a host of ENVIRONMENT, as the application's user, in the live release.

    Its input (read to its end first) and outputs are ours, byte for byte, and so is its exit code.
    At a terminal it gets one of its own, so that `python manage.py shell` works as at home. Ctrl-C
    ends it there too.
    """
    from fairlead.errors import UsageError

    environment = context.environment(name)
    if everywhere and host:
        raise UsageError("--host and --all exclude each other")
    if everywhere:
        hosts = reaching.place(name)[1]
        return reaching.carry_out(_everywhere(environment, hosts, words))
    chosen = reaching.one_host(environment, host)
    typed = sys.stdin is not None and sys.stdin.isatty()
    if typed and sys.stdout.isatty() and not alone:
        from fairlead.cli.ssh import in_release, open_terminal

        open_terminal(chosen, in_release(environment, chosen, words))
    data = b"" if typed or alone or sys.stdin is None else sys.stdin.buffer.read()
    return reaching.carry_out(_alone(environment, chosen, words, data))


async def _alone(
    environment: "Environment", host: "Host", words: tuple[str, ...], data: bytes
) -> int:
    async with reaching.connected(environment, (host,)) as (connection,):
        return await connection.stream(_script(environment, words), _pass_on, data=data)


async def _everywhere(
    environment: "Environment", hosts: "tuple[Host, ...]", words: tuple[str, ...]
) -> int:
    """All of them at once; the exit code is the first that is not 0, in the hosts' order."""
    import asyncio

    names = reaching.names_of(hosts)
    width = max(map(len, names.values()))

    async def one(connection: "SshConnection") -> int:
        tell = _telling(f"{names[str(connection.host)]:<{width}} | ")
        done = await connection.run(
            _script(environment, words), timeout=86_400, tell=tell, check=False
        )
        return done.code

    async with reaching.connected(environment, hosts) as connections:
        codes = await asyncio.gather(*map(one, connections))
    return next(filter(None, codes), 0)


def _script(environment: "Environment", words: tuple[str, ...]) -> str:
    from fairlead.deploy.layout import layout_of

    run = shlex.quote(f"{layout_of(environment).slot('live')}/run")
    return (
        f"[ -x {run} ] || {{ echo 'nothing is deployed here: fairlead deploy' >&2; exit 127; }}\n"
        f"exec {run} {shlex.join(words)}"
    )


def _pass_on(stream: int, data: bytes) -> None:
    output = (sys.stderr if stream > 1 else sys.stdout).buffer
    output.write(data)
    output.flush()


def _telling(start: str) -> "Callable[[str], None]":
    from fairlead.cli.view.clean import clean

    def tell(line: str) -> None:
        click.echo(f"{start}{clean(line, colour=sys.stdout.isatty())}")

    return tell
