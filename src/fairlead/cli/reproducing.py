"""What ``fairlead reproduce`` does: an order for the runner, of what a server recorded."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from fairlead.cli import context, remote
from fairlead.cli.running import Wish, adjusted, show_run
from fairlead.errors import InterpreterNotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlead.client.values import Build, BuildOrder
    from fairlead.model import Plan
    from fairlead.runner.checkout import Source
    from fairlead.runner.recorded import Recorded
    from fairlead.settings import Settings

__all__ = ["Wish", "reproduce"]


def reproduce(text: str | None, server: str, project: str, wish: Wish) -> int:
    """Run a server's build, or one job of it, here; returns the exit code."""
    from fairlead.runner.job import Options
    from fairlead.runner.run import Order
    from fairlead.runner.sandbox.helper import helper
    from fairlead.runner.secrets import Secrets, load

    helper()
    settings = adjusted(context.settings(), wish)
    asked, build, job = remote.find_build(text, server=server, project=project)
    given = asked.api.order(build)
    plan = _plan(given, build, remote.find_job(build, job).key if job else "")
    if wish.keyword:
        from fairlead.runner.keyword import narrow

        plan = narrow(plan, wish.keyword)
    recorded = _recorded(given, plan)
    _check_interpreters(plan, recorded, settings)
    source = _source(given, asked, build, settings)
    _say(build, given, plan, recorded)
    order = Order(
        plan=plan,
        source=source,
        trigger=given.trigger,
        settings=settings,
        host=os.environ,
        options=Options(reuse=False),
        secrets=load(settings.config, source.root) if given.trigger.trusted else Secrets(),
        recorded=recorded,
    )
    return show_run(order, "events" if wish.events else "plain" if wish.plain else "auto")


def _plan(given: "BuildOrder", build: "Build", job: str) -> "Plan":
    """The plan with the build's jobs and parameters, or with one job alone."""
    from fairlead.runner.select import Selection, select

    if given.plan is None:
        raise UsageError(f"build {build.name} never had a plan", hint=build.reason or "")
    plan = given.plan
    known = {one.id for one in plan.jobs}
    only = {job} if job else known.intersection(given.only)
    if only:
        plan = select(plan, Selection(only=frozenset(only)))
    jobs = tuple(
        msgspec.structs.replace(
            one, env=one.env + tuple(p for p in given.parameters.items() if p not in one.env)
        )
        for one in plan.jobs
    )
    return msgspec.structs.replace(plan, jobs=jobs)


def _recorded(given: "BuildOrder", plan: "Plan") -> "Mapping[str, Recorded]":
    """What the plan's jobs ran on; nothing of those that came to no environment."""
    from fairlead.runner.recorded import Recorded

    python = {job.id for job in plan.jobs if job.python is not None}
    return {
        job.key: Recorded(interpreter=job.interpreter, resolution=job.resolution or "")
        for job in given.jobs
        if job.key in python and job.environment and job.interpreter
    }


def _check_interpreters(
    plan: "Plan", recorded: "Mapping[str, Recorded]", settings: "Settings"
) -> None:
    """Look for all interpreters before anything is run. Raises ``InterpreterNotFound``."""
    from fairlead.runner.pythons import find
    from fairlead.runner.recorded import same_interpreter

    found = find(settings.home, os.environ)
    for job in plan.jobs:
        if job.id in recorded and job.python is not None:
            try:
                same_interpreter(found, job.python, recorded[job.id])
            except InterpreterNotFound as error:
                raise InterpreterNotFound(f"{job.id}: {error.message}", hint=error.hint) from error


def _source(
    given: "BuildOrder", asked: remote.Remote, build: "Build", settings: "Settings"
) -> "Source":
    """The commit from the repository around us, else fetched to where it disturbs nobody."""
    from fairlead.client.clone import fetch_commit
    from fairlead.client.repository import has_commit, top
    from fairlead.client.servers import project_of
    from fairlead.runner.checkout import open_source

    around = top(Path.cwd())
    if around and has_commit(around, given.commit):
        return open_source(around, settings.home, given.commit)
    click.echo(f"fetching {given.commit[:10]} from {given.repository}", err=True)
    ours = project_of(given.repository, asked.server.url) is not None
    token = asked.server.token if ours else ""
    ref = given.trigger.ref
    folder = fetch_commit(settings.home, given.repository, given.commit, ref=ref, token=token)
    source = open_source(folder, settings.home, given.commit)
    return source.below(around) if around and asked.here == build.project else source


def _say(
    build: "Build", given: "BuildOrder", plan: "Plan", recorded: "Mapping[str, Recorded]"
) -> None:
    """What is about to run, and what cannot be as it was."""
    from fairlead.cli.view.words import listing, plural

    jobs = plural(len(plan.jobs), "job")
    click.echo(f"build {build.name} at {given.commit[:10]}, {jobs}: {build.url}", err=True)
    anew = [job.id for job in plan.jobs if job.python is not None and job.id not in recorded]
    if anew:
        text = "got no environment there, so requirements are resolved now"
        click.echo(f"note: {listing(anew, 8)} {text}", err=True)
    secrets = sorted({name for job in plan.jobs for name in job.secrets})
    if secrets and given.trigger.trusted:
        text = "come from this machine: fairlead secrets list"
        click.echo(f"note: secrets ({listing(secrets, 8)}) {text}", err=True)
    sys.stderr.flush()
