"""`fairlead plan`: the jobs that would run, and why others would not."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.cli.view.look import Look
    from fairlead.model import Job, Plan, Trigger

_EVENTS = ("push", "pull_request", "tag", "cron", "manual", "api", "local")
_ID_WIDTH = 40


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON.")
@click.option("--commit", metavar="REV", help="Plan a commit, not the files as they are.")
@click.option("--branch", metavar="NAME", help="As if on this branch.")
@click.option("--tag", metavar="NAME", help="As if for this tag.")
@click.option("--event", type=click.Choice(_EVENTS), help="As if for this event.")
@click.option("--since", metavar="REV", help="Path filters see what changed since REV.")
def command(
    *, as_json: bool, commit: str | None, branch: str | None, tag: str | None,
    event: str | None, since: str | None,
) -> int:  # fmt: skip
    """Show the jobs that would run, stage by stage, and why others would not."""
    source = context.source(commit)
    trigger = _as_if(source.trigger(since=since), branch, tag, event)
    plan = context.make_plan(source, trigger)
    if as_json:
        import msgspec

        from fairlead.model import encode

        click.echo(msgspec.json.format(encode(plan)).decode())
        return 0
    from fairlead.cli.view.look import look_of

    look = look_of(sys.stdout, os.environ)
    for line in lines(plan, look):
        click.echo(line, color=look.colour)
    return 0


def _as_if(trigger: "Trigger", branch: str | None, tag: str | None, event: str | None) -> "Trigger":
    """The trigger with what was asked for; a tag alone is the event of its push."""
    import msgspec

    changes: dict[str, str] = {}
    if branch is not None:
        changes["branch"] = branch
    if tag is not None:
        changes |= {"tag": tag, "event": "tag"}
    if event is not None:
        changes["event"] = event
    return msgspec.structs.replace(trigger, **changes)


def lines(plan: "Plan", look: "Look") -> Iterator[str]:
    """The plan as text: a line a job, grouped by stage, and below it what else is to be said."""
    from fairlead.cli.view.words import plural

    for warning in plan.warnings:
        yield look.style(str(warning), "yellow")
    where = "the project's files" if plan.origin == "detected" else plan.source
    left = f", {plural(len(plan.skipped), 'job')} skipped" if plan.skipped else ""
    yield f"{look.style(plural(len(plan.jobs), 'job'), 'bold')} from {where}{left}"
    width = min(_ID_WIDTH, max((len(job.id) for job in plan.jobs), default=0))
    for stage in plan.stages:
        jobs = [job for job in plan.jobs if job.stage == stage]
        if jobs:
            yield ""
            yield look.style(stage, "bold")
        for job in jobs:
            yield from _job(job, width, look)
    yield from _rest(plan, look)


def _job(job: "Job", width: int, look: "Look") -> Iterator[str]:
    python = f"Python {job.python}" if job.python else "no Python"
    steps = look.plain(" · ").join(step.name for step in job.steps)
    start = f"  {job.id:<{width}}  {python:<13} "
    yield f"{start} {look.clip(steps, max(20, look.width - len(start) - 1))}"
    indent = " " * (width + 4)
    for note in _notes(job):
        yield look.style(look.clip(f"{indent}{look.plain(note)}", look.width), "dim")


def _notes(job: "Job") -> Iterator[str]:
    from fairlead.cli.view.words import listing

    if job.needs:
        yield f"needs {listing(job.needs)}"
    if job.services:
        yield f"beside {listing([service.name for service in job.services])}"
    if job.allow_failure:
        yield "may fail"


def _rest(plan: "Plan", look: "Look") -> Iterator[str]:
    if plan.skipped:
        yield ""
        yield look.style("skipped", "bold")
        width = min(_ID_WIDTH, max(len(skipped.job) for skipped in plan.skipped))
        for skipped in plan.skipped:
            yield f"  {skipped.job:<{width}}  {look.style(skipped.reason, 'dim')}"
    if plan.deploys:
        yield ""
        yield look.style("deployments (planned, not run here)", "bold")
        for deploy in plan.deploys:
            condition = f"  {look.style(deploy.condition, 'dim')}" if deploy.condition else ""
            yield f"  {deploy.provider}{condition}"
    if plan.reasons:
        yield ""
        yield look.style("why", "bold")
        for reason in plan.reasons:
            yield from _wrapped(look.plain(reason), look)


def _wrapped(text: str, look: "Look") -> Iterator[str]:
    import textwrap

    found = textwrap.wrap(text, look.width - 4, break_on_hyphens=False)
    for number, line in enumerate(found):
        yield look.style(f"{'    ' if number else '  '}{line}", "dim")
