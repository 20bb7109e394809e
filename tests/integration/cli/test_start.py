"""What the most common commands load: a run may add little to what it runs."""

import os
import subprocess
import sys

import pytest

# What nothing that happens here needs, and what takes long to load.
HEAVY = {
    "asyncio", "click", "configparser", "django", "email", "hashlib", "http", "httpx", "inspect",
    "jinja2", "logging", "shutil", "socket", "sqlite3", "ssl", "tempfile", "typing_extensions",
    "unittest", "urllib.request", "xml", "yaml", "zipfile",
}  # fmt: skip

PROGRAM = """
import os, sys
from fairlead.cli import start
code = start._answer(sys.argv[1:])
sys.stdout.flush()
os.write(3, " ".join(sys.modules).encode())
sys.exit(code)
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "fairlead.yml").write_text("install: none\njobs:\n  noop: {run: 'true'}\n")
    subprocess.run(("git", "init", "-q"), cwd=folder, check=True)
    return folder


def loaded(project, *arguments):
    """The modules that were loaded when a command had ended, and what it wrote."""
    read, write = os.pipe()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env |= {"FAIRLEAD_HOME": str(project.parent / "home"), "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM.replace("3,", f"{write},"), *arguments),
        cwd=project, env=env, stdout=subprocess.PIPE, text=True, pass_fds=(write,), check=True,
    )  # fmt: skip
    os.close(write)
    with open(read, "rb") as told:
        return set(told.read().decode().split()), done.stdout


def test_the_version_needs_next_to_nothing(project):
    modules, text = loaded(project, "--version")
    assert text.startswith("fairlead ")
    assert not modules & (HEAVY | {"msgspec", "fairlead.cli.main", "subprocess", "pathlib"})


def test_a_second_run_loads_nothing_heavy(project):
    loaded(project, "run")
    modules, text = loaded(project, "run")
    assert "passed" in text
    assert not modules & HEAVY
    assert "fairlead.pipeline.native.plan" not in modules


def test_a_run_loads_nothing_of_environments(project):
    with (project / "fairlead.yml").open("a") as file:
        file.write("environments: {prod: {hosts: 7, nonsense: 1}}\n")
    modules, text = loaded(project, "run")
    assert "passed" in text
    assert "fairlead.pipeline.native.plan" in modules
    parts = ("pipeline.environments", "model.environment", "model.deployment", "deploy", "release")
    assert not [m for m in modules if m.startswith(tuple(f"fairlead.{part}" for part in parts))]


def test_options_are_read_by_click(project):
    modules, text = loaded(project, "run", "--jobs", "1")
    assert "passed" in text
    assert "click" in modules
