"""`fairlead reproduce`: a server's build on this machine."""

from typing import Any

import click

from fairlead.cli import remote


@click.command()
@click.argument("build", required=False, metavar="[BUILD[.JOB]]")
@remote.options
@click.option("-k", "keyword", metavar="EXPR", default="", help="Only tests that match EXPR.")
@click.option("--jobs", "-j", "count", type=click.IntRange(1), help="Jobs at once.")
@click.option("--events", is_flag=True, help="Print events as JSON lines.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bubblewrap", "process"]),
    help="How jobs are isolated (default: the best that works).",
)
def command(*, build: str | None, server: str, project: str, **options: Any) -> int:
    """Run BUILD, or one of its jobs (12.unit, 12.3), here as it ran on the server.

    It is the same commit, plan and parameters, the same versions of all packages, and the very
    same versions of Python, which must be on this machine. Secrets are those stored here. Exits
    as `fairlead run` does.
    """
    from fairlead.cli.reproducing import Wish, reproduce

    return reproduce(build, server, project, Wish(**options))
