"""`fairlead shell`: look around where a job runs."""

import os
from typing import TYPE_CHECKING

import click
import msgspec

from fairlead.cli import context
from fairlead.errors import UsageError

if TYPE_CHECKING:
    from fairlead.model import Job, Plan


@click.command()
@click.argument("job", metavar="JOB")
@click.option("--python", "python", metavar="V", help="Which of the job's Pythons.")
@click.option("--commit", metavar="REV", help="At a commit, not the files as they are.")
@click.option("--sandbox", type=click.Choice(["auto", "bubblewrap", "process"]))
def command(*, job: str, python: str | None, commit: str | None, sandbox: str | None) -> int:
    """Open a shell in the environment and sandbox of JOB, with its services running.

    The files are a copy of yours: what you change there is gone when the shell ends.
    """
    from fairlead.runner.run import Order
    from fairlead.runner.secrets import load
    from fairlead.runner.shell import open_shell

    settings = context.settings()
    if sandbox:
        settings = msgspec.structs.replace(settings, sandbox=sandbox)
    source = context.source(commit)
    trigger = source.trigger()
    plan = context.make_plan(source, trigger)
    chosen = _chosen(plan, job, python)
    order = Order(
        plan=plan,
        source=source,
        trigger=trigger,
        settings=settings,
        host=os.environ,
        secrets=load(settings.config, source.root),
    )
    click.echo(f"The steps of {chosen.id}:", err=True)
    for step in chosen.steps:
        click.echo(f"  $ {step.name}", err=True)
    return open_shell(order, chosen, lambda text: click.echo(text, err=True))


def _chosen(plan: "Plan", name: str, python: str | None) -> "Job":
    from fairlead.runner.select import Selection, select

    pythons = (python,) if python else ()
    jobs = select(plan, Selection(names=(name,), pythons=pythons)).jobs
    if len(jobs) > 1:
        cells = ", ".join(job.id for job in jobs)
        raise UsageError(f"{name} stands for {len(jobs)} jobs", hint=f"name one of: {cells}")
    return jobs[0]
