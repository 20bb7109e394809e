"""``fairlead serve``: the whole server on this machine."""

import click

from fairlead.cli.serving import listening, prepared


@click.command(help="Serve: web pages, worker, scheduler and database on this machine.")
@listening
def command(*, listen: str | None) -> None:
    """Returns when it has been stopped, by Ctrl-C or SIGTERM."""
    prepared(listen=listen)
    from fairlead.server.serving.main import serve

    serve(say=click.echo)
