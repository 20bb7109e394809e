"""A build's row as an order for the runner: at its commit, planned from its own files."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import Plan
from fairlead.runner.checkout import open_commit
from fairlead.runner.planning import plan_source
from fairlead.runner.run import Order
from fairlead.runner.secrets import Secrets
from fairlead.runner.select import Selection, select
from fairlead.server.store.models import Build
from fairlead.settings import Settings
from fairlead.triggers.manual import parameters as checked

Locate = Callable[[Build], Path]
"""Brings a build's repository to this machine and returns its folder; may be bare."""

Confide = Callable[[Build], Secrets]
"""The secrets a build may have; asked only for trusted changes whose jobs name some."""


def no_secrets(_build: Build) -> Secrets:
    """What projects without secrets have."""
    return Secrets()


def make_order(build: Build, settings: Settings, locate: Locate, confide: Confide) -> Order:
    """Read and plan the build's commit.

    Raises ``FairleadError`` where there is no such commit, or no plan can be made of it.
    """
    if not build.commit:
        raise FairleadError("this build has no commit", hint="name one, or a branch")
    source = open_commit(locate(build), settings.home, build.commit)
    trigger = build.read_trigger()
    plan = select(plan_source(source, trigger, settings, os.environ), _selection(build))
    return Order(
        plan=_with_parameters(plan, build.parameters),
        source=source,
        trigger=trigger,
        settings=settings,
        host=os.environ,
        secrets=_confided(build, plan, confide),
        more=True,
    )


def _confided(build: Build, plan: Plan, confide: Confide) -> Secrets:
    """What the build's jobs ask for, where the change is trusted; most ask for nothing."""
    wanted = build.trusted and any(job.secrets for job in plan.jobs)
    return confide(build) if wanted else Secrets()


def _selection(build: Build) -> Selection:
    if not build.only:
        return Selection()
    if build.restart_of_id is not None:
        return Selection(only=frozenset(build.only))
    return Selection(names=tuple(build.only))  # which somebody has typed


def _with_parameters(plan: Plan, parameters: dict[str, str]) -> Plan:
    """The plan with a person's parameters as variables of every job.

    Raises ``TriggerInvalid`` for names that are not a job's to set, such as PATH.
    """
    if not parameters:
        return plan
    pairs = checked({name: str(value) for name, value in parameters.items()}, None)
    # In a session, variables are bash text, where a parameter must stay what it is.
    quoted = tuple((name, shlex.quote(value)) for name, value in pairs)
    jobs = tuple(
        msgspec.structs.replace(job, env=job.env + (quoted if job.session else pairs))
        for job in plan.jobs
    )
    return msgspec.structs.replace(plan, jobs=jobs)
