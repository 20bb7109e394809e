"""`fairlead rollback`: an earlier release live again, in a second where its slot is warm."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context
from fairlead.cli.deploying import carry_out, secrets_of, show_plan
from fairlead.cli.deploying_there import carry_out_there

if TYPE_CHECKING:
    from fairlead.model.release import Release


@click.command()
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--to", metavar="N", default="", help="A release, by number or version.")
@click.option("--host", "hosts", multiple=True, metavar="H", help="This host only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Look at the hosts, and only say what would be done.")
@click.option("--force", is_flag=True, help="Also over migrations that cannot be undone.")
@click.option("--events", is_flag=True, help="Print events as JSON lines.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print the plan as JSON.")
@click.option("--server", metavar="URL", default="", help="Have this server do it.")
@click.option("--project", metavar="NAME", default="", help="With --server: the project there.")
def command(
    *,
    name: str,
    to: str,
    hosts: tuple[str, ...],
    dry_run: bool,
    force: bool,
    events: bool,
    plain: bool,
    as_json: bool,
    server: str,
    project: str,
) -> int:
    """Make the release before the live one live again on ENVIRONMENT, or the one you name.

    \b
    For example:
      fairlead rollback production
      fairlead rollback production --to 7

    Where its slot still runs this takes a second; else it is started, or prepared as a deployment
    does. Nothing is migrated: what cannot be gone back over is refused.
    """  # noqa: D301 — click's own sign
    from fairlead.cli.package import person
    from fairlead.deploy.order import RollbackOrder
    from fairlead.errors import UsageError

    if as_json and not dry_run:
        raise UsageError("--json goes with --dry-run; --events prints a deployment as JSON lines")
    if server:
        if dry_run or force or hosts:
            raise UsageError("--dry-run, --force and --host are not for a server's rollback")
        if to and not to.removeprefix("#").isdecimal():
            raise UsageError(f"{to!r} is not the number of a release of the server")
        body = {"to": int(to.removeprefix("#")) if to else None}
        return carry_out_there(
            name, "rollback", body, server=server, project=project, events=events, plain=plain
        )
    environment = context.environment(name)
    order = RollbackOrder(
        environment=environment,
        to=to.removeprefix("#"),
        release=_on_the_shelf(to),
        secrets=secrets_of(environment),
        by=person(),
        forced=force,
        hosts=hosts,
    )
    if dry_run:
        return show_plan(order, as_json=as_json)
    return carry_out(order, events=events, plain=plain)


def _on_the_shelf(to: str) -> "Release | None":
    """The release as it is kept here, for hosts that keep it no longer."""
    if not to:
        return None
    from fairlead.cli.runs import find_root
    from fairlead.errors import NotFound, ReleaseBroken
    from fairlead.release.reading import read_release
    from fairlead.release.shelf import shelf_of
    from fairlead.release.signing import trusted_keys

    with contextlib.suppress(NotFound, ReleaseBroken):
        release = shelf_of(find_root(Path.cwd())).find(to)
        trusted = trusted_keys(context.settings().config)
        read_release(Path(release.file), trusted=trusted, deep=False)
        return release
    return None
