"""`fairlead trigger`: a build of a server, because a person asks for it."""

import re
from pathlib import Path
from typing import Any

import click

from fairlead.cli import remote


@click.command()
@remote.options
@click.option("--branch", metavar="B", help="Build the tip of this branch.")
@click.option("--tag", metavar="T", help="Build this tag.")
@click.option("--commit", metavar="REV", help="Build this commit.")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable that every job gets.",
)
@click.option("--job", "jobs", multiple=True, metavar="J", help="Only this job.")
@click.option("--label", "labels", multiple=True, metavar="L", help="Only a worker that has it.")
@click.option("--priority", type=int, metavar="N", help="Before builds of a lower one.")
@click.option("--watch", is_flag=True, help="Watch it, and exit with its verdict.")
@click.option("--json", "as_json", is_flag=True, help="Print the build as JSON.")
def command(*, server: str, project: str, watch: bool, as_json: bool, **wish: Any) -> int:
    """Have a server build a branch, a tag or a commit.

    Without any of them it is the branch that is checked out here, and outside of a clone of the
    project its default branch.
    """
    asked = remote.Remote(server, project)
    build = asked.api.trigger(asked.project, _wish(asked, wish))
    if as_json:
        from fairlead.cli.builds import print_json

        print_json(build)
    else:
        click.echo(f"build {build.name} is {build.state}: {build.url}")
    if not watch:
        return 0
    from fairlead.cli.watching import watch_build

    return watch_build(asked.api, build)


def _wish(asked: remote.Remote, wish: dict[str, Any]) -> dict[str, object]:
    """What the API is asked for: only what was said."""
    from fairlead.errors import UsageError

    parameters = dict(_parameter(text) for text in wish.pop("parameters"))
    refs = {name: wish[name] for name in ("branch", "tag", "commit") if wish[name]}
    if len(refs) > 1:
        raise UsageError(f"either {' or '.join(f'--{name}' for name in refs)}, not both")
    if "commit" in refs:
        refs["commit"] = _commit(refs["commit"])
    if not refs and (branch := asked.branch):
        refs = {"branch": branch}
    rest = {name: wish[name] for name in ("jobs", "labels", "priority")}
    said = {name: value for name, value in rest.items() if value not in ((), None)}
    return {**refs, **said, **({"parameters": parameters} if parameters else {})}


def _commit(revision: str) -> str:
    """A commit's whole name, which is all that a server takes."""
    from fairlead.client.repository import commit_of
    from fairlead.errors import UsageError

    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", revision):
        return revision
    if found := commit_of(Path.cwd(), revision):
        return found
    raise UsageError(
        f"there is no commit {revision!r} here", hint="give its whole name of 40 characters"
    )


def _parameter(text: str) -> tuple[str, str]:
    from fairlead.errors import UsageError

    name, sign, value = text.partition("=")
    if not sign or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UsageError(f"{text!r} is no parameter", hint="write it as NAME=VALUE")
    return name, value
