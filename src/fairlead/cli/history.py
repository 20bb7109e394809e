"""`fairlead history`: what was deployed to an environment, by whom, and how it ended."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from fairlead.cli.view.look import Look
    from fairlead.model.deployment import Past
    from fairlead.model.environment import Environment, Host

_SIGNS = {
    "live": "passed",
    "refused": "failed",
    "rolled back": "allowed",
    "failed": "errored",
    "cancelled": "cancelled",
}


@click.command(epilog="Example: fairlead history production -n 5")
@click.argument("name", metavar="ENVIRONMENT")
@click.option("-n", "most", type=click.IntRange(1, 10_000), default=20, help="How many (20).")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(*, name: str, most: int, as_json: bool) -> None:
    """List the deployments and rollbacks of ENVIRONMENT, newest first.

    They stand on the hosts themselves, whoever made them; each is shown once. Hosts that cannot be
    reached are named, and the others still tell. Where there are none, as with Heroku and scripts,
    those are told that were made from this folder.
    """
    environment = context.environment(name)
    if environment.provider == "ssh":
        found = reaching.carry_out(_ask(*reaching.place(name), most))
    else:
        from fairlead.deploy.providers.journal import Journal

        found = Journal(context.source().root, name).read()[:most]
    if as_json:
        from fairlead.cli.builds import print_json
        from fairlead.cli.environments import _plain

        print_json([_plain(past) for past in found])
        return
    look = reaching.look_here()
    for line in lines(found, look):
        click.echo(look.plain(line), color=look.colour)
    if not found:
        click.echo(f"Nothing was ever deployed to {name}.", err=True)


async def _ask(
    environment: "Environment", hosts: "tuple[Host, ...]", most: int
) -> "tuple[Past, ...]":
    from fairlead.deploy.hosts import close_all, open_each
    from fairlead.deploy.layout import user_of
    from fairlead.deploy.look import history
    from fairlead.deploy.troubles import together
    from fairlead.errors import HostError

    user, settings = user_of(environment), context.settings()
    found = await open_each(hosts, user=user, settings=settings)
    errors = [one for one in found if isinstance(one, HostError)]
    connections = [one for one in found if not isinstance(one, HostError)]
    if not connections:
        raise together(errors)
    for error in errors:
        click.echo(str(error), err=True)
    try:
        return await history(environment, connections, most=most)
    finally:
        await close_all(connections)


def lines(found: "tuple[Past, ...]", look: "Look") -> Iterator[str]:
    """A line a deployment; one that did not go well says why below."""
    from fairlead.cli.view.clean import one_line
    from fairlead.cli.view.words import duration
    from fairlead.model.deployment import DeployOutcome

    for past in found:
        number = f"{past.release:>4}" if past.release else "   -"
        words = (
            look.symbol(_SIGNS[past.outcome]),
            reaching.when(past.time),
            f"{past.kind:<8}",
            number,
            f"{one_line(past.version)[:12]:<12}",
            f"{past.outcome:<11}",
            f"{duration(past.seconds):>8}",
            one_line(past.by) + (" (forced)" if past.forced else ""),
        )
        yield "  ".join(words).rstrip()
        if past.outcome is not DeployOutcome.LIVE and past.sentence:
            yield look.style(
                look.clip(f"     {one_line(past.sentence)}", max(look.width, 40)), "dim"
            )
