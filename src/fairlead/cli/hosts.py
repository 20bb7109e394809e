"""`fairlead hosts`: whether hosts are who they were, and whether we may do what we have to."""

import sys
from typing import TYPE_CHECKING

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlead.cli.view.look import Look
    from fairlead.deploy.checking import Checked
    from fairlead.model.environment import Host
    from fairlead.settings import Settings

_CLOCK = 5.0
"""Seconds that a host's clock may be off before it is worth a word."""


@click.group()
def command() -> None:
    """Get to know the hosts of an environment, and check the way to them."""


@command.command("trust", epilog="Example: fairlead hosts trust production")
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--host", "only", multiple=True, metavar="HOST", help="Only this one.")
@click.option("--yes", is_flag=True, help="Believe what they show without being asked.")
def trust_(*, name: str, only: tuple[str, ...], yes: bool) -> int:
    """Store the keys of hosts that are not known yet, each after a look at its fingerprint.

    Compare it with what the host itself tells, or whoever runs it. A host that is known under
    another key is never overwritten. Keys go to SSH's own known_hosts.
    """
    from fairlead.deploy.trust import with_jumps

    _, hosts = reaching.place(name, only)
    look, settings = reaching.look_here(), context.settings()
    return max(_trust(host, look, settings, yes=yes) for host in with_jumps(hosts, settings))


def _trust(host: "Host", look: "Look", settings: "Settings", *, yes: bool) -> int:
    """The exit code of one host: 1 where it stays unknown, 2 where nothing can be asked."""
    from fairlead.deploy.trust import Standing, see, store
    from fairlead.errors import HostError

    try:
        seen = reaching.carry_out(see(host, settings))
        if seen.standing is Standing.CHANGED:
            raise seen.problem(settings)
    except HostError as error:
        click.echo(f"{look.style('error', 'bad')}: {error}", err=True)
        return error.exit_code
    if seen.standing is Standing.KNOWN:
        _say(look, "passed", f"{host} is known: {seen.fingerprint}")
    elif yes or _agreed(str(host), seen.fingerprint):
        _say(look, "passed", f"{host} is known from now on, in {store(seen, settings)}")
    else:
        _say(look, "waiting", f"{host} stays unknown")
        return 1
    return 0


@command.command("check", epilog="Example: fairlead hosts check production")
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--host", "only", multiple=True, metavar="HOST", help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def check_(*, name: str, only: tuple[str, ...], as_json: bool) -> int:
    """Sign in to every host and say what is missing for deploying there. Nothing is changed.

    The exit code is 1 where anything is.
    """
    from fairlead.deploy.checking import check

    environment, hosts = reaching.place(name, only)
    found = reaching.carry_out(check(environment, hosts, context.settings()))
    if as_json:
        from fairlead.cli.builds import print_json
        from fairlead.cli.environments import _plain

        print_json([_plain(host) for host in found])
    else:
        look = reaching.look_here()
        for host in found:
            for line in lines(host, look):
                click.echo(look.plain(line), color=look.colour)
    return 1 if any(host.problems for host in found) else 0


def lines(found: "Checked", look: "Look") -> "Iterator[str]":
    """A host as text: what it is, and each problem with what to do."""
    state = "failed" if found.problems else "passed"
    yield f"{look.symbol(state)} {look.style(found.host, 'bold')}"
    if found.login:
        becomes = [
            name for name, there in (("root", found.root), (found.user, found.user)) if there
        ]
        yield f"    signs in as {found.login}, becomes {' and '.join(becomes) or 'nobody else'}"
    if found.system:
        python = f"Python {found.python}" if found.python else "no Python"
        yield f"    {found.system}, {python}, {found.free / 1e9:.1f} GB free"
    if abs(found.clock) > _CLOCK:
        yield look.style(f"    its clock is {found.clock:+.0f} s off ours", "yellow")
    if found.login and not found.provisioned and not found.problems:
        yield look.style("    its folder for the application is not there yet", "yellow")
    for problem in found.problems:
        yield from (look.style(f"    {line.strip()}", "red") for line in problem.splitlines())


def _agreed(host: str, fingerprint: str) -> bool:
    from fairlead.errors import UsageError

    click.echo(f"{host} shows the key {fingerprint}")
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to say whether that is the right one",
            hint="compare it with the host's own, then: fairlead hosts trust --yes",
        )
    return click.confirm("Is that its own?", default=False)


def _say(look: "Look", state: str, text: str) -> None:
    click.echo(look.plain(f"{look.symbol(state)} {text}"), color=look.colour)
