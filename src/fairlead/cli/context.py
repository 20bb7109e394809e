"""What every command needs first: settings, the project around the current folder, its plan."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairlead.model import Plan, Trigger
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
