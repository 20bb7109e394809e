"""`fairlead maintenance`: close an environment's site for people, and open it again."""

import asyncio
import os
import re
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fairlead.deploy.base import Connection
    from fairlead.deploy.maintenance import Turned
    from fairlead.model.environment import Environment

    Turn = Callable[[Environment, Sequence[Connection]], Awaitable[tuple[Turned, ...]]]

_SPAN = re.compile(r"(\d+)\s*(m|min|h|d)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%H:%M")


@click.group()
def command() -> None:
    """Close the site of an environment for a while, and open it again."""


@command.command("on", epilog="Example: fairlead maintenance on production --until 18:30 "
                 "--allow 203.0.113.7 --message 'We are moving to a larger machine.'")  # fmt: skip
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--allow", multiple=True, metavar="CIDR", help="Let this address or network through.")
@click.option("--message", default="", help="What the page says.")
@click.option(
    "--until", metavar="TIME", help="When it is over: 18:30, 2026-01-31 18:30, 45m or 2h."
)
def on_(*, name: str, allow: tuple[str, ...], message: str, until: str | None) -> int:
    """Answer every request with 503, Retry-After and a page that says why.

    The health path stays open, and the addresses of `office` and --allow are let through. The site
    stays closed until `fairlead maintenance off`, also over deployments; --until is what the page
    and Retry-After tell, and opens nothing.
    """
    from fairlead.deploy.maintenance import Closure, close, retry_of
    from fairlead.deploy.provision.render import network

    # Wrong words are told before any host is asked.
    allowed = tuple(map(network, allow))
    closure = Closure(message=message, allowed=allowed, until=time_of(until) if until else None)
    retry_of(closure.until)

    async def turn(
        environment: "Environment", connections: "Sequence[Connection]"
    ) -> "tuple[Turned, ...]":
        return await close(environment, connections, closure)

    return _everywhere(name, turn, "closed")


@command.command("off", epilog="Example: fairlead maintenance off production")
@click.argument("name", metavar="ENVIRONMENT")
def off_(*, name: str) -> int:
    """Open the site again, whoever closed it."""
    from fairlead.deploy.maintenance import open_again

    return _everywhere(name, open_again, "open")


def time_of(text: str, now: datetime | None = None) -> datetime:
    """A time a person wrote, in this machine's zone; a clock time is the next such.

    Raises ``UsageError`` for anything else.
    """
    from fairlead.errors import UsageError

    now = now or datetime.now().astimezone()
    if span := _SPAN.fullmatch(text.strip()):
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    for form in _FORMS:
        try:
            told = datetime.strptime(text.strip(), form)  # noqa: DTZ007 — the zone is ours
        except ValueError:
            continue
        if form != "%H:%M":
            return told.astimezone()
        found = now.replace(hour=told.hour, minute=told.minute, second=0, microsecond=0)
        return found if found > now else found + timedelta(days=1)
    raise UsageError(f"{text!r} is no time", hint="such as 18:30, 2026-01-31 18:30, 45m or 2h")


def _everywhere(name: str, turn: "Turn", done: str) -> int:
    from fairlead.cli.provision import hosts_of
    from fairlead.cli.view.look import look_of

    environment = context.environment(name)
    hosts_of(environment)
    look = look_of(sys.stdout, os.environ)
    failed = False
    for host in asyncio.run(_turn(environment, turn)):
        if host.error:
            failed = True
            click.echo(f"{look.style('error', 'bad')}: {host.error}", err=True)
        else:
            note = f" ({host.note})" if host.note else ""
            click.echo(f"{look.symbol('passed')} {host.host}: {done}{note}")
    return 2 if failed else 0


async def _turn(environment: "Environment", turn: "Turn") -> "tuple[Turned, ...]":
    """All hosts or none: one that cannot be reached would stay as it is."""
    from fairlead.deploy.hosts import close_all, open_all
    from fairlead.deploy.layout import user_of

    web = [host for host in environment.hosts if "web" in host.roles]
    connections = await open_all(web, user=user_of(environment), settings=context.settings())
    try:
        return await turn(environment, connections)
    finally:
        await close_all(connections)
