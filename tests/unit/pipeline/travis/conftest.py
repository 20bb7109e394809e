import textwrap

import pytest

from fairlead.model import Trigger
from fairlead.pipeline.travis import plan
from fairlead.pipeline.tree import MemoryTree


@pytest.fixture
def travis():
    """Plan a ``.travis.yml`` given as (indented) text for a push to ``master``."""

    def travis(text, *, secrets=None, settings_env=(), **trigger):
        values = {"event": "push", "branch": "master", **trigger}
        data = textwrap.dedent(text).encode()
        return plan(
            data,
            ".travis.yml",
            MemoryTree({}),
            Trigger(**values),
            secrets=secrets,
            settings_env=settings_env,
        )

    return travis


@pytest.fixture
def cells(travis):
    """The jobs of a file as (python, env) pairs, in order."""

    def cells(text, **trigger):
        jobs = travis(text, **trigger).jobs
        return [(job.python, dict(job.axes).get("env", "")) for job in jobs]

    return cells
