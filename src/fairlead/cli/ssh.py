"""`fairlead ssh`: a terminal on a host of an environment, by the ssh program itself."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from fairlead.model.environment import Environment, Host


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: fairlead ssh production --app",
)
@click.argument("name", metavar="ENVIRONMENT")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@click.option("--host", metavar="HOST", help="This one (default: the first that serves requests).")
@click.option("--app", is_flag=True, help="As the application's user, in the live release.")
def command(*, name: str, words: tuple[str, ...], host: str | None, app: bool) -> None:
    """Open a terminal on a host of ENVIRONMENT, or run COMMAND there with one.

    It is ssh that runs, with your own settings of it. With --app the terminal is in the folder of
    the live release, with its variables and its Python.
    """
    environment = context.environment(name)
    chosen = reaching.one_host(environment, host)
    remote = in_release(environment, chosen, words or ("bash", "-i")) if app else shlex.join(words)
    click.echo(f"{chosen}", err=True)
    open_terminal(chosen, remote)


def in_release(environment: "Environment", host: "Host", words: Sequence[str]) -> str:
    """The command line that runs ``words`` in the live release, as the application's user."""
    from fairlead.deploy import keys, shell
    from fairlead.deploy.layout import layout_of, user_of

    login = keys.way_to(host, context.settings()).login
    run = f"{layout_of(environment).slot('live')}/run"
    return shell.line((*shell.becoming(login, user_of(environment)), run, *words))


def open_terminal(host: "Host", remote: str) -> NoReturn:
    """Become ssh. Raises ``UsageError`` where it is not installed."""
    from fairlead.errors import UsageError
    from fairlead.util.proc import find_program

    if (program := find_program("ssh")) is None:
        raise UsageError("ssh is not installed", hint="install OpenSSH's client")
    os.execv(program, ["ssh", *arguments(host, remote)])  # noqa: S606 — it takes our place


def arguments(host: "Host", remote: str) -> list[str]:
    """What ssh is told: a host, the files that our settings name, and never to give in."""
    settings = context.settings()
    found = ["-t", "-o", "StrictHostKeyChecking=yes"]
    if settings.ssh:
        folder = Path(settings.ssh).expanduser()
        config = folder / "config"
        found += ["-F", str(config) if config.exists() else "none"]
        found += ["-o", f"UserKnownHostsFile={folder / 'known_hosts'}"]
        found += [f"-oIdentityFile={key}" for key in sorted(folder.glob("id_*")) if not key.suffix]
    if settings.ssh_key:
        found += ["-i", str(Path(settings.ssh_key).expanduser()), "-o", "IdentitiesOnly=yes"]
    if host.port != 22:  # noqa: PLR2004 — SSH's own
        found += ["-p", str(host.port)]
    if host.user:
        found += ["-l", host.user]
    return [*found, "--", host.address, *([remote] if remote else [])]
