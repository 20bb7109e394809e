"""``fairlead web``: one web node of a cluster."""

import click

from fairlead.cli.serving import listening, prepared


@click.command(help="Serve web pages, API and git: one web node of a cluster.")
@listening
def command(*, listen: str | None) -> None:
    """Returns when it has been stopped, by Ctrl-C or SIGTERM."""
    prepared(listen=listen)
    from fairlead.server.serving.alone import web

    web(say=click.echo)
