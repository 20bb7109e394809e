"""kill -9 at any moment, two builders at once, a full disk, a disk that only reads."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairlead.errors import StoreError
from fairlead.model import Install
from fairlead.runner.environments import Environments, read_request
from fairlead.runner.environments.command import find_uv

BUILDER = Path(__file__).with_name("builder.py")
MOMENTS = (
    "resolved", "resolution kept", "folder made", "skeleton made", "installed", "compiled",
    "contents written", "before the rename", "after the rename",
)  # fmt: skip


@pytest.fixture
def start(home, environ, python):
    """Start another Fairlead that prepares the environment of ``greet``."""
    version = python().version
    env = environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def begin(moment="none", uv="", front=()):
        argv = (*front, sys.executable, BUILDER, home, version, moment, uv, "greet")
        return subprocess.Popen(
            argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return begin


@pytest.fixture
def wrapped(tmp_path, environ):
    """A uv that writes down what it is asked for and is slow to install."""
    script = tmp_path / "uv"
    log = tmp_path / "log"
    script.write_text(
        f'#!/bin/sh\necho "$1 $2" >> {log}\n'
        'case "$2" in install) sleep 1;; esac\n'
        f'exec {find_uv(environ)} "$@"\n'
    )
    script.chmod(0o755)
    return script, log


def names(home):
    """What there is in the store, besides locks."""
    return sorted(name for name in os.listdir(home / "envs") if name != ".locks")


def whole(environment, shell):
    answer = shell(environment.path / "bin" / "greet")
    assert answer.startswith(f"hello {environment.path} ")
    return (environment.path / "fairlead.json").is_file()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment(start, prepare, home, shell, moment):
    builder = start(moment)
    output, _ = builder.communicate(timeout=60)
    assert builder.returncode == -signal.SIGKILL, output
    stored = (
        [name for name in names(home) if not name.startswith(".")]
        if (home / "envs").exists()
        else []
    )
    assert len(stored) == (1 if moment == "after the rename" else 0)
    environment, _ = prepare(Install(packages=("greet",)))
    assert whole(environment, shell)
    assert names(home) == [environment.key]
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]


def test_killed_while_uv_works_for_it(start, wrapped, prepare, home, shell):
    script, log = wrapped
    builder = start(uv=str(script))
    wait_for(lambda: log.exists() and "install" in log.read_text())
    builder.kill()
    builder.communicate()
    (orphaned,) = names(home)
    # Its uv lives on and works in that folder: nobody may pull it away from under it.
    environment, _ = prepare(Install(packages=("greet",)))
    assert whole(environment, shell)
    assert names(home) in ([orphaned, environment.key], [environment.key])
    with Environments(home, {"PATH": ""}) as others:
        wait_for(lambda: others.store.sweep() or names(home) == [environment.key])


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_processes_build_one(start, wrapped, home):
    script, log = wrapped
    builders = [start(uv=str(script)) for _ in range(3)]
    outputs = [builder.communicate(timeout=120)[0] for builder in builders]
    ends = [output.splitlines()[-1].split() for output in outputs]
    assert {end[0] for end in ends} == {"done"}, outputs
    assert len({end[1] for end in ends}) == 1
    # "pip" for steps cannot be had from this index, and so is looked for by each.
    asked = log.read_text().splitlines()
    assert asked.count("pip install") == 1
    assert len(names(home)) == 1


def test_who_waits_says_so_and_takes_over_from_the_killed(start, wrapped, home):
    script, log = wrapped
    first = start(uv=str(script))
    wait_for(lambda: log.exists() and "install" in log.read_text())
    second = start()
    line = ""
    while "waiting" not in line:
        line = second.stdout.readline()
        assert line, "it ended without waiting"
    first.kill()
    output, _ = second.communicate(timeout=60)
    first.communicate()
    assert output.splitlines()[-1].endswith(" False"), output


# --- disks that refuse ---


@pytest.fixture
def bwrap():
    program = shutil.which("bwrap")
    if (
        program is None
        or subprocess.run((program, "--dev-bind", "/", "/", "true"), check=False).returncode
    ):
        pytest.skip("bubblewrap does not work here")
    return program


@pytest.mark.parametrize("size", [20_000, 60_000])
def test_a_full_disk_is_said(start, bwrap, home, size):
    home.mkdir()
    small = ("--size", str(size), "--tmpfs", str(home))
    builder = start(front=(bwrap, "--dev-bind", "/", "/", *small, "--"))
    output, _ = builder.communicate(timeout=60)
    assert builder.returncode == 1
    assert output.splitlines()[-1] == (
        "  free some space there, or name another folder with FAIRLEAD_HOME"
    ), output
    assert "StoreError" in output
    assert "No space left on device" in output


def test_a_disk_that_only_reads_is_said(start, bwrap, home):
    home.mkdir()
    builder = start(front=(bwrap, "--dev-bind", "/", "/", "--ro-bind", str(home), str(home), "--"))
    output, _ = builder.communicate(timeout=60)
    assert "StoreError: cannot write" in output
    assert "Read-only file system" in output


def test_a_home_that_is_a_file(tmp_path, environ, python):
    (tmp_path / "home").write_text("")
    request = read_request(Install(packages=("lib",)), tmp_path, interpreter=python())
    with Environments(tmp_path / "home", environ) as environments, pytest.raises(StoreError):
        environments.prepare(request)
