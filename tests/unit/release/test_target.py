import sys
from pathlib import Path

import pytest

from fairlead.errors import InterpreterNotFound
from fairlead.pipeline.tree import MemoryTree
from fairlead.release import target
from fairlead.release.target import target_python
from fairlead.runner.pythons import Interpreter


def interpreter(version, real):
    place = Path(sys.prefix)
    return Interpreter(
        path=Path(real), real=Path(real), version=version, implementation="cpython", prefix=place,
        base_prefix=place, platform="linux-x86_64", abi="x", site="lib",
    )  # fmt: skip


@pytest.fixture
def choose(monkeypatch, tmp_path):
    system = tmp_path / "python3"
    system.write_text("")
    found = tuple(
        interpreter(version, real)
        for version, real in (("3.13.1", "/a"), ("3.12.4", "/b"), ("3.11.2", system.resolve()))
    )
    monkeypatch.setattr(target, "find", lambda home, environ: found)
    monkeypatch.setattr(target, "_OF_THE_SYSTEM", system)
    return lambda wanted, files=(): (
        target_python(wanted, MemoryTree(dict(files)), tmp_path, {}).version
    )


def test_a_version_that_is_asked_for_is_taken(choose):
    assert choose("3.12") == "3.12.4"
    with pytest.raises(InterpreterNotFound):
        choose("3.9")


def test_without_one_the_systems_own_is_taken_where_the_project_runs_on_it(choose):
    assert choose("3") == "3.11.2"
    newer = {"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.12"\n'}
    assert choose("3", newer) == "3.13.1"
    older = {"pyproject.toml": '[project]\nname = "a"\nrequires-python = "<3.13,>=3.12"\n'}
    assert choose("3", older) == "3.12.4"


def test_the_projects_own_word_counts_first(choose):
    assert choose("3", {".python-version": "3.12\n"}) == "3.12.4"
    assert choose("3", {".python-version": "\n"}) == "3.11.2"


def test_a_range_that_is_none_is_said(choose):
    with pytest.raises(InterpreterNotFound, match="requires-python is no range of versions"):
        choose("3", {"pyproject.toml": '[project]\nname = "a"\nrequires-python = "new"\n'})
