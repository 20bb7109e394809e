"""`fairlead status`: what is live where, since when, by whom, is it well, and what waits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import context, reaching

if TYPE_CHECKING:
    from pathlib import Path

    from fairlead.cli.view.look import Look
    from fairlead.deploy.pending import Pending
    from fairlead.model.deployment import Live
    from fairlead.model.environment import Environment

    Found = tuple[Environment, tuple[Live, ...], tuple[Pending, ...]]

_SHOWN = 10
_DIGITS = 12


@click.command(epilog="Example: fairlead status production")
@click.argument("name", required=False, metavar="[ENVIRONMENT]")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.option("--all", "whole", is_flag=True, help="List every commit that waits.")
def command(*, name: str | None, as_json: bool, whole: bool) -> int:
    """Show what is live on the hosts of ENVIRONMENT, or of every one, and what waits.

    The hosts themselves are asked over SSH, or the platform, or the command that an environment
    has for it; nothing is changed. The exit code is 1 where a host cannot be reached or is not
    well, or where they serve different releases.
    """
    reaching.check_project()
    here = context.source()
    known = (context.environment(name),) if name else context.environments(at=here).environments
    if name and known[0].provider == "ssh":
        reaching.place(name)
    # The pattern of review environments is no place itself.
    environments = tuple(
        one for one in known if name or (not one.review and (one.hosts or one.provider != "ssh"))
    )
    found = reaching.carry_out(_ask(environments, here.root))
    if as_json:
        _print_json(found)
    else:
        look = reaching.look_here()
        for line in lines(found, look, whole=whole):
            click.echo(look.plain(line), color=look.colour)
    return 0 if all(good(lives) for _, lives, _ in found) else 1


async def _ask(environments: "tuple[Environment, ...]", root: "Path") -> "list[Found]":
    import asyncio

    asked = await asyncio.gather(*(_lives(one, root) for one in environments))
    return [
        (environment, lives, _pending(environment, lives, root))
        for environment, lives in zip(environments, asked, strict=True)
    ]


async def _lives(environment: "Environment", root: "Path") -> "tuple[Live, ...]":
    if environment.provider == "ssh":
        from fairlead.deploy.look import status_of

        return await status_of(environment, context.settings())
    from fairlead.cli.deploying import secrets_of
    from fairlead.deploy.providers.journal import Journal
    from fairlead.deploy.providers.looking import live_of

    past = Journal(root, environment.name).read()
    return (await live_of(environment, secrets_of(environment), past),)


def _pending(
    environment: "Environment", lives: "tuple[Live, ...]", root: "Path"
) -> "tuple[Pending, ...]":
    """What waits, for each commit that is live."""
    from fairlead.deploy.pending import branch_of, pending_commits

    commits = dict.fromkeys(live.commit for live in lives if live.commit)
    branch = branch_of(environment, root) if commits else ""
    return tuple(pending_commits(root, commit, branch) for commit in commits)


def good(lives: "tuple[Live, ...]") -> bool:
    """Whether all hosts are well and serve the same release."""
    well = all(live.reached and live.healthy is not False for live in lives)
    return well and len({live.version for live in lives}) <= 1


def lines(found: "list[Found]", look: "Look", *, whole: bool = False) -> Iterator[str]:
    """Environments as text, one line a host, and below what is worth knowing."""
    from fairlead.cli.view.words import plural

    if not found:
        yield "no environment has hosts of its own"
    for number, (environment, lives, pending) in enumerate(found):
        if number:
            yield ""
        yield look.style(environment.name, "bold")
        if len({live.version for live in lives if live.reached}) > 1:
            yield f"  {look.style('the hosts serve different releases', 'bad')}"
        names = reaching.names_of(environment.hosts)
        shown = [names.get(live.host, live.host) for live in lives]
        width = max(map(len, shown), default=0)
        for host, live in zip(shown, lives, strict=True):
            yield from _host(f"{host:<{width}}", live, look)
        for one in pending:
            yield from _waiting(one, look, whole=whole)
        if not any(live.version or not live.reached for live in lives):
            what = f"its {plural(len(lives), 'host')}" if environment.hosts else "it from here"
            yield look.style(f"  nothing was ever deployed to {what}", "dim")


def _host(name: str, live: "Live", look: "Look") -> Iterator[str]:
    from fairlead.cli.view.clean import clean, one_line

    if not live.reached:
        first, *rest = clean(live.note).splitlines()
        yield f"  {look.symbol('errored')} {name}  {first}"
        yield from (look.style(f"      {line.strip()}", "dim") for line in rest)
        return
    state = {True: "passed", False: "failed", None: "waiting"}[live.healthy]
    yield f"  {look.symbol(state)} {name}  {_served(live)}"
    notes = (
        (live.note, "red" if live.healthy is False else "dim"),
        ("closed for maintenance" if live.maintenance else "", "yellow"),
        (f"being deployed to by {live.busy}" if live.busy else "", "cyan"),
        (f"a deployment by {live.died} never ended; the next one clears up" if live.died else "",
         "yellow"),
    )  # fmt: skip
    yield from (look.style(f"      {one_line(text)}", colour) for text, colour in notes if text)


def _served(live: "Live") -> str:
    from fairlead.cli.view.clean import one_line

    if not live.version:
        return "nothing was ever deployed"
    number = f"release {live.release} " if live.release else "release "
    by = f" by {one_line(live.by)}" if live.by else ""
    warm = live.warm_release or live.warm
    healthy = {True: ", healthy", False: ", not well", None: ""}[live.healthy]
    since = f" since {reaching.when(live.since)}" if live.since else ""
    return f"{number}({one_line(live.version)}){since}{by}{healthy}" + (
        f", {one_line(str(warm))} is warm" if warm else ""
    )


def _waiting(pending: "Pending", look: "Look", *, whole: bool) -> Iterator[str]:
    from fairlead.cli.view.clean import one_line
    from fairlead.cli.view.words import plural

    short = pending.live[:_DIGITS]
    if pending.unknown:
        yield look.style(f"  {short} is live and not in this repository: git fetch", "yellow")
        return
    if pending.missing:
        what = plural(pending.missing, "commit")
        yield look.style(f"  {what} of {short} not on {pending.branch}", "yellow")
    if not pending.commits:
        yield look.style(f"  nothing waits on {pending.branch}", "dim")
        return
    yield f"  {plural(len(pending.commits), 'commit')} waiting on {pending.branch}"
    shown = pending.commits if whole else pending.commits[:_SHOWN]
    for commit in shown:
        text = f"    {commit.id[:_DIGITS]} {one_line(commit.subject)} ({one_line(commit.author)})"
        yield look.clip(text, max(look.width, 40))
    if len(shown) < len(pending.commits):
        yield look.style(f"    and {len(pending.commits) - len(shown)} more (--all)", "dim")


def _print_json(found: "list[Found]") -> None:
    from fairlead.cli.builds import print_json
    from fairlead.cli.environments import _plain

    print_json(
        [
            {
                "environment": environment.name,
                "hosts": [_plain(live) for live in lives],
                "pending": pending,
            }
            for environment, lives, pending in found
        ]
    )
