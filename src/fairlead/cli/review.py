"""`fairlead review`: a place of its own for a pull request, and its end."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.model.environment import Environment


@click.command()
@click.argument("name", metavar="ENVIRONMENT")
@click.argument("number", type=click.IntRange(1, 999_999), required=False)
@click.option("--branch", metavar="B", help="The newest commit of a branch.")
@click.option("--commit", metavar="C", help="A commit.")
@click.option("--remove", is_flag=True, help="Remove it from the hosts: site, database, files.")
@click.option("--force", is_flag=True, help="Although no build passed; it is recorded.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Without a number: list them as JSON.")
def command(
    *, name: str, number: int | None, branch: str | None, commit: str | None, remove: bool,
    force: bool, plain: bool, as_json: bool,
) -> int:  # fmt: skip
    """Deploy pull request NUMBER to a place of its own; without a number, list those there are.

    \b
    For example:
      fairlead review staging 7 --branch faster-login
      fairlead review staging
      fairlead review staging 7 --remove

    ENVIRONMENT has `review: true` and a domain with {number}. The hosts are made ready for it as
    `fairlead provision` does: a user, a folder, slots, units, a site, and databases where asked.
    """  # noqa: D301 — click's own sign
    from fairlead.errors import UsageError

    if branch and commit:
        raise UsageError("--branch and --commit each name a commit: give one of them")
    pattern = context.environment(name)
    if number is None:
        return _list(pattern, as_json=as_json)
    if remove:
        from fairlead.deploy import review

        hosts = asyncio.run(review.remove(pattern, number, settings=context.settings()))
        click.echo(f"pull request {number} is gone from {', '.join(hosts)}")
        return 0
    return _bring(pattern, number, branch or commit, force=force, plain=plain)


def _list(pattern: "Environment", *, as_json: bool) -> int:
    from fairlead.deploy import review

    found = asyncio.run(review.numbers(pattern, context.settings()))
    shown = [
        {"number": number, "domains": review.review_environment(pattern, number).domains}
        for number in found
    ]
    if as_json:
        from fairlead.cli.builds import print_json

        print_json(shown)
        return 0
    for number in found:
        scheme = "https" if pattern.tls else "http"
        domains = review.review_environment(pattern, number).domains
        click.echo(f"{number:>6}  {', '.join(f'{scheme}://{domain}' for domain in domains)}")
    if not found:
        click.echo(f"no pull request has a place in {pattern.name}")
    return 0


def _bring(
    pattern: "Environment", number: int, revision: str | None, *, force: bool, plain: bool
) -> int:
    from fairlead.cli.deploy import release_for
    from fairlead.cli.deploying import secrets_of
    from fairlead.cli.package import person
    from fairlead.cli.view.deployment import choose_deploy_view
    from fairlead.deploy import review
    from fairlead.deploy.rules import check
    from fairlead.model.deployment import DeployOutcome

    environment = review.review_environment(pattern, number)
    release = release_for(None, revision, force=force)
    check(environment, release, forced=force)
    sink = choose_deploy_view(sys.stdout, os.environ, events=False, plain=plain)

    async def work() -> DeployOutcome:
        finished = await review.bring(
            pattern, number, release, sink, asyncio.Event(), settings=context.settings(),
            secrets=secrets_of(pattern), by=person(), forced=force,
            tell=lambda host, line: click.echo(f"{host}: {line}", err=True),
        )  # fmt: skip
        return finished.outcome

    try:
        outcome = asyncio.run(work())
    finally:
        sink.close()
    return 0 if outcome is DeployOutcome.LIVE else 1
