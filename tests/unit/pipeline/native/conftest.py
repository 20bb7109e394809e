"""A small project around the pipeline file under test."""

import textwrap

import pytest

from fairlead.errors import PipelineError
from fairlead.model import Trigger
from fairlead.pipeline.native.plan import plan
from fairlead.pipeline.tree import MemoryTree

FILES = {
    "requirements.txt": "flask\n",
    "requirements/test.txt": "pytest\n",
    "constraints.txt": "",
    "pylock.toml": "",
    "pyproject.toml": """
[build-system]
requires = []
[project]
name = "shop"
[project.optional-dependencies]
postgres = ["psycopg"]
[dependency-groups]
test = ["pytest"]
""",
}


@pytest.fixture
def files():
    return dict(FILES)


@pytest.fixture
def make(files):
    """Plan a text; keywords are the trigger's."""

    def make(text, **trigger):
        data = textwrap.dedent(text).encode()
        return plan(data, "fairlead.yml", MemoryTree(files), Trigger(**trigger))

    return make


@pytest.fixture
def job(make):
    """The only job of a text that is one job's body."""

    def job(text, **trigger):
        body = textwrap.indent(textwrap.dedent(text).strip(), "    ")
        (found,) = make(f"python: '3.12'\njobs:\n  unit:\n{body}\n", **trigger).jobs
        return found

    return job


@pytest.fixture
def complaints(make):
    """All problems of a text, a line each."""

    def complaints(text):
        with pytest.raises(PipelineError) as caught:
            make(text)
        return str(caught.value).splitlines()

    return complaints
