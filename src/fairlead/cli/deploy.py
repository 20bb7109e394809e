"""`fairlead deploy`: a release to an environment, from this machine, without any server."""

from typing import TYPE_CHECKING

import click

from fairlead.cli import context
from fairlead.cli.deploying import as_named, carry_out, confirm, secrets_of, show_plan
from fairlead.cli.deploying_there import carry_out_there, commit_named

if TYPE_CHECKING:
    from fairlead.model.release import Release


@click.command()
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--release", "wanted", metavar="N", help="A release that exists: its number or tag.")
@click.option("--branch", metavar="B", help="The newest commit of a branch.")
@click.option("--commit", metavar="C", help="A commit.")
@click.option("--host", "hosts", multiple=True, metavar="H", help="This host only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Look at the hosts, and only say what would be done.")
@click.option("--force", is_flag=True, help="Against the environment's rules; it is recorded.")
@click.option("--yes", is_flag=True, help="Confirm without being asked.")
@click.option("--events", is_flag=True, help="Print events as JSON lines.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print the plan as JSON.")
@click.option(
    "--server",
    metavar="URL",
    default="",
    help="Have this server do it: by default with the newest that passed.",
)
@click.option("--project", metavar="NAME", default="", help="With --server: the project there.")
def command(
    *,
    name: str,
    wanted: str | None,
    branch: str | None,
    commit: str | None,
    hosts: tuple[str, ...],
    dry_run: bool,
    force: bool,
    yes: bool,
    events: bool,
    plain: bool,
    as_json: bool,
    server: str,
    project: str,
) -> int:
    """Deploy a release to ENVIRONMENT: the current commit's, or the one you name.

    \b
    For example:
      fairlead deploy production
      fairlead deploy beta --branch release
      fairlead deploy production --release 7 --dry-run
      fairlead deploy production --server https://ci.example.org

    The release is made ready on every host before anything changes; then the hosts are switched
    one by one and watched. Any failure leaves, or makes live again, what was live. Exits with 0
    where it is live, with 1 where it was refused or rolled back, with 130 where you ended it.
    """  # noqa: D301 — click's own sign
    from fairlead.deploy.order import DeployOrder
    from fairlead.deploy.providers import check_hosts
    from fairlead.deploy.rules import check
    from fairlead.errors import UsageError

    if sum(option is not None for option in (wanted, branch, commit)) > 1:
        raise UsageError("--release, --branch and --commit each name a release: give one of them")
    if as_json and not dry_run:
        raise UsageError("--json goes with --dry-run; --events prints a deployment as JSON lines")
    if server:
        if dry_run:
            raise UsageError("--dry-run looks at hosts from here: leave --server away")
        body = _asked(wanted, branch, commit) | {"hosts": hosts, "force": force}
        return carry_out_there(
            name, "deployments", body, server=server, project=project, events=events, plain=plain
        )
    environment = context.environment(name)
    check_hosts(environment, hosts)  # a release may have to be made first, which takes its time
    order = DeployOrder(
        environment=environment,
        release=as_named(release_for(wanted, branch or commit, force=force), environment),
        secrets=secrets_of(environment),
        by=_person(),
        forced=force,
        hosts=hosts,
    )
    if dry_run:
        return show_plan(order, as_json=as_json)
    check(environment, order.release, forced=force)
    confirm(order, yes=yes)
    return carry_out(order, events=events, plain=plain)


def _asked(wanted: str | None, branch: str | None, commit: str | None) -> dict[str, object]:
    """Which release a server is asked for."""
    named = commit_named(commit) if commit else None
    return {"release": _number(wanted), "branch": branch, "commit": named}


def release_for(wanted: str | None, revision: str | None, *, force: bool) -> "Release":
    """A release of the shelf, or that of a revision, made where there is none that passed.

    Its signature and checksum are verified. Raises ``NotFound``, ``ReleaseBroken`` and what
    ``fairlead package`` does.
    """
    from pathlib import Path

    from fairlead.cli.runs import find_root
    from fairlead.release.reading import read_release
    from fairlead.release.shelf import shelf_of
    from fairlead.release.signing import trusted_keys

    if wanted is not None:
        release = shelf_of(find_root(Path.cwd())).find(wanted)
    else:
        release = _of_revision(revision or "HEAD", force=force)
    trusted = trusted_keys(context.settings().config)
    read_release(Path(release.file), trusted=trusted, deep=False)
    return release


def _of_revision(revision: str, *, force: bool) -> "Release":
    """The release of a revision that passed, made where there is none."""
    from fairlead.release.shelf import shelf_of

    source = context.source(revision)
    found = shelf_of(source.root).by_commit(source.commit.id) if source.commit else None
    if found is not None and found.manifest.verdict == "passed":
        return found
    from fairlead.cli.package import make, request_of

    return make(request_of(revision, force=force))


def _number(wanted: str | None) -> int | None:
    """The number of a server's release. Raises ``UsageError`` for what is none."""
    from fairlead.errors import UsageError

    if wanted is None:
        return None
    text = wanted.removeprefix("#")
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"{wanted!r} is not the number of a release of the server")
    return int(text)


def _person() -> str:
    from fairlead.cli.package import person

    return person()
