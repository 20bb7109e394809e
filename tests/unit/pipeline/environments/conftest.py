"""A small project around the environments under test."""

import textwrap

import pytest

from fairlead.pipeline.environments import read_environments
from fairlead.pipeline.tree import MemoryTree

FILES = {"shop/wsgi.py": "app = Flask(__name__)\n", "requirements.txt": "flask\n"}


@pytest.fixture
def files():
    return dict(FILES)


@pytest.fixture
def read(files):
    """The deployments of a text, whatever is wrong with it."""

    def read(text, file="fairlead.yml"):
        data = textwrap.dedent(text).encode()
        return read_environments(data, file, MemoryTree(files), "My Shop")

    return read


@pytest.fixture
def good(read):
    """The deployments of a text with nothing wrong."""

    def good(text, file="fairlead.yml"):
        found = read(text, file)
        assert found.problems == ()
        return found

    return good


@pytest.fixture
def one(good):
    """The only environment, ``prod``, of a text with its keys; one host unless it names them."""

    def one(text=""):
        body = textwrap.dedent(text).strip()
        hosts = "" if "hosts:" in body or "provider:" in body else "hosts: web1\n"
        lines = textwrap.indent(f"{hosts}{body}", "    ")
        (found,) = good(f"environments:\n  prod:\n{lines}\n").environments
        return found

    return one


@pytest.fixture
def complaints(read):
    """All problems of a text, a line each."""

    def complaints(text, file="fairlead.yml"):
        return [str(problem) for problem in read(text, file).problems]

    return complaints


@pytest.fixture
def wrong(complaints):
    """All problems of an environment's keys, without the file's name."""

    def wrong(text):
        body = textwrap.dedent(text).strip()
        hosts = "" if "hosts" in body or "provider:" in body else "\nhosts: web1"
        lines = textwrap.indent(f"{body}{hosts}", "    ")
        found = complaints(f"environments:\n  prod:\n{lines}\n")
        return [line.removeprefix("fairlead.yml:") for line in found]

    return wrong
