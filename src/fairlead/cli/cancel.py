"""`fairlead cancel`: end a build of a server."""

import click

from fairlead.cli import remote


@click.command()
@click.argument("build", metavar="BUILD")
@remote.options
@click.option("--reason", metavar="TEXT", default="", help="Why, for whoever looks at it.")
def command(*, build: str, server: str, project: str, reason: str) -> None:
    """Cancel BUILD: a number, project/number or a build's address."""
    from fairlead.errors import UsageError

    asked, found, job = remote.find_build(build, server=server, project=project)
    if job:
        raise UsageError("a job cannot be cancelled alone", hint=f"fairlead cancel {found.name}")
    if found.ended:
        raise UsageError(f"build {found.name} has {found.state} already")
    asked.api.cancel(found, reason)
    click.echo(f"build {found.name} is being cancelled: {found.url}")
