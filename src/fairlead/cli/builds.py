"""`fairlead builds`: what a server built, and is building."""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from fairlead.cli import remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlead.cli.view import Look
    from fairlead.client.values import Build

_STATES = ("held", "queued", "running", "passed", "failed", "errored", "cancelled")
_SIGNS = {"held": "waiting", "queued": "waiting"}


@click.command()
@remote.options
@click.option("--all", "everywhere", is_flag=True, help="Of all projects.")
@click.option("--branch", metavar="B", help="Only of this branch.")
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("-n", "most", type=click.IntRange(1, 10_000), default=20, help="How many (20).")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(
    *,
    server: str,
    project: str,
    everywhere: bool,
    branch: str | None,
    state: str | None,
    most: int,
    as_json: bool,
) -> None:
    """List builds of a server, newest first."""
    asked = remote.Remote(server, project)
    api = asked.api
    named = None if everywhere else _project(asked)
    found = tuple(api.builds(project=named, branch=branch, state=state, most=most))
    if as_json:
        print_json(found)
        return
    from fairlead.cli.view import look_of

    look = look_of(sys.stdout, os.environ)
    for build in found:
        click.echo(look.plain(_row(build, look, named=named is None)))
    if not found:
        if named:
            api.check_project(named)
        click.echo("No such build.", err=True)


def print_json(value: object) -> None:
    """Write a value that a server answered as JSON."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _project(asked: remote.Remote) -> str | None:
    """The project that is meant; all of them where nothing says which."""
    from fairlead.errors import UsageError

    try:
        return asked.project
    except UsageError:
        return None


def _row(build: "Build", look: "Look", *, named: bool) -> str:
    from fairlead.cli.view.clean import one_line

    number = build.name if named else str(build.number)
    place = build.tag or build.branch or ""
    words: Sequence[str] = (
        look.symbol(_SIGNS.get(build.state, build.state)),
        f"{number:>5}",
        f"{build.state:<9}",
        f"{(build.commit or '')[:10]:<10}",
        f"{_when(build.created):<16}",
        f"{look.clip(one_line(place), 24):<16}",
        look.clip(one_line(build.sentence or build.waiting or build.reason or ""), 100),
    )
    return "  ".join(words).rstrip()


def _when(moment: str | None) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}" if moment else ""
    except ValueError:
        return ""
