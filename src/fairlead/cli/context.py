"""What every command needs first: settings, the project around the current folder, its plan."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairlead.model import Plan, Trigger
    from fairlead.model.environment import Environment
    from fairlead.pipeline.environments import Deployments
    from fairlead.runner.checkout import Source


def settings() -> Settings:
    """The settings in force."""
    return load_settings(os.environ)


def source(revision: str | None = None) -> "Source":
    """The project around the current folder, as it is or at ``revision``."""
    from fairlead.runner.checkout import open_source

    return open_source(Path.cwd(), settings().home, revision)


def make_plan(source: "Source", trigger: "Trigger") -> "Plan":
    """The plan of a project: from ``fairlead.yml``, else ``.travis.yml``, else detected."""
    from fairlead.runner.planning import plan_source

    return plan_source(source, trigger, settings(), os.environ)


def environments(revision: str | None = None, *, at: "Source | None" = None) -> "Deployments":
    """What the project's pipeline file says of environments: as it is, or at ``revision``.

    With ``at`` it is that source's. Raises ``PipelineError`` with every problem of them.
    """
    from fairlead.errors import PipelineError
    from fairlead.pipeline.environments import find_environments

    here = at or source(revision)
    found = find_environments(here.tree, here.root.name.removesuffix(".git"))
    if any(not problem.warning for problem in found.problems):
        raise PipelineError(found.problems)
    return found


def environment(
    name: str, revision: str | None = None, *, at: "Source | None" = None
) -> "Environment":
    """The environment of that name. Raises ``UsageError`` where there is none."""
    from fairlead.errors import UsageError
    from fairlead.pipeline.native.reader import known_or_close

    known = environments(revision, at=at)
    if found := known.get(name):
        return found
    if not known.environments:
        where = known.file or "fairlead.yml"
        raise UsageError(
            f"{where} has no environments", hint="write where to deploy to under `environments`"
        )
    hint = known_or_close(name, known.names, "environments")
    raise UsageError(f"there is no environment {name!r}", hint=hint)
