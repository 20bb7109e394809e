"""``fairlead scheduler``: what is done by the clock."""

import click

from fairlead.cli.serving import prepared


@click.command(help="Start what is due, poll remotes, look after builds: for a cluster.")
def command() -> None:
    """Returns when it has been stopped, by Ctrl-C or SIGTERM."""
    prepared()
    from fairlead.server.serving.alone import scheduler

    scheduler()
