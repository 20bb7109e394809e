"""`fairlead login`: a server and the token for it, remembered on this machine."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context
from fairlead.cli.remote import connect

if TYPE_CHECKING:
    from fairlead.client.servers import Servers


@click.command()
@click.argument("url", required=False, metavar="[URL]")
@click.option("--token-file", metavar="FILE", help="Read the token from a file (- for input).")
@click.option("--logout", is_flag=True, help="Forget the server and the token instead.")
@click.option("--list", "listed", is_flag=True, help="List the servers that are known.")
def command(*, url: str | None, token_file: str | None, logout: bool, listed: bool) -> None:
    """Remember the server at URL and your token for it.

    Without URL it is that of FAIRLEAD_URL, else the one that runs on this machine. The token is
    asked for, or read from standard input. The server logged in to last is the one that other
    commands ask, where neither --server, FAIRLEAD_URL nor a git remote says another.
    """
    from fairlead.client.servers import Servers, normal_url
    from fairlead.errors import UsageError

    servers = Servers(context.settings().config)
    if listed:
        _list(servers)
        return
    address = normal_url(url or os.environ.get("FAIRLEAD_URL") or _here())
    if logout:
        if not servers.remove(address):
            raise UsageError(f"{address} is not known", hint="see: fairlead login --list")
        click.echo(f"Logged out of {address}. The token itself still works until it is revoked.")
        return
    _log_in(servers, address, token_file)


def _here() -> str:
    """Where the server of this machine is. Raises ``UsageError`` where none runs."""
    from fairlead.errors import UsageError
    from fairlead.util.serving import serving_here

    if found := serving_here(os.environ):
        return found.url
    raise UsageError(
        "which server? None runs on this machine",
        hint="fairlead login URL, such as https://ci.example.org",
    )


def _log_in(servers: "Servers", address: str, token_file: str | None) -> None:
    from fairlead.cli.view.clean import one_line
    from fairlead.client.servers import Server, travels_open

    if travels_open(address):
        click.echo(f"warning: whoever sits between here and {address} can read the token", err=True)
    token = _token(address, token_file)
    me = connect(address, token).me()
    servers.add(Server(address, token, me.name))
    may = f", may: {', '.join(me.scopes)}" if me.scopes else ""
    click.echo(f"Logged in to {address} as {one_line(me.name)}{one_line(may)}.")


def _token(address: str, file: str | None) -> str:
    """The token, without blanks around it. Raises ``UsageError`` for what can be none."""
    from fairlead.errors import UsageError

    if file and file != "-":
        text = Path(file).read_text("utf-8", "replace")
    elif file or not sys.stdin.isatty():
        text = sys.stdin.read()
    else:
        text = click.prompt(f"Token for {address}", hide_input=True, prompt_suffix=": ")
    token = text.strip()
    if not token:
        raise UsageError("the token is empty")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError("that is no token: it holds blanks or characters that none has")
    return token


def _list(servers: "Servers") -> None:
    from fairlead.cli.view.clean import one_line

    known = servers.all()
    for number, server in enumerate(known):
        click.echo(f"{'*' if not number else ' '} {server.url}  {one_line(server.name)}".rstrip())
    if not known:
        click.echo("No server is known: fairlead login URL", err=True)
