import textwrap

import pytest

from fairlead.model import Trigger
from fairlead.pipeline.detect import detect
from fairlead.pipeline.tree import MemoryTree

PRESENT = ("2.7.18", "3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0")


@pytest.fixture
def tree():
    """A tree of (indented) texts."""

    def tree(files):
        return MemoryTree({path: textwrap.dedent(text) for path, text in files.items()})

    return tree


@pytest.fixture
def found(tree):
    """What is detected in a project of these files."""

    def found(files, present=PRESENT):
        return detect(tree(files), Trigger(), present)

    return found


@pytest.fixture
def jobs(found):
    """The jobs of one stage by name: their commands, on the first Python."""

    def jobs(files, stage="test"):
        plan = found(files).plan
        return {
            job.name: [step.command for step in job.steps]
            for job in reversed(plan.jobs)
            if job.stage == stage
        }

    return jobs
