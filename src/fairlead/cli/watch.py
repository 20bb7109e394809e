"""`fairlead watch`: a server's build, live, until its verdict."""

import click

from fairlead.cli import remote


@click.command()
@click.argument("build", required=False, metavar="[BUILD]")
@remote.options
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
def command(*, build: str | None, server: str, project: str, plain: bool) -> int:
    """Watch BUILD until its verdict, and exit with that: 0 passed, 1 failed, 2 errored.

    BUILD is a number, project/number or a build's address; without it the newest of the branch
    that is checked out. Ctrl-C stops the watching, not the build. A cancelled build exits with
    130, as Ctrl-C does.
    """
    from fairlead.cli.watching import watch_build

    asked, found, _ = remote.find_build(build, server=server, project=project)
    return watch_build(asked.api, found, plain=plain)
