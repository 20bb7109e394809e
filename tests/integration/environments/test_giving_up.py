"""A job that is to end does not wait for its environment, and nothing goes on without it."""

import os
import threading
import time
from pathlib import Path

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install
from fairlead.runner.environments import Environments, locks, read_request
from fairlead.runner.environments.giving_up import given_up


@pytest.fixture
def endless(tmp_path):
    """A uv that starts another program, says so, and waits for that for ever."""
    script = tmp_path / "uv"
    begun = tmp_path / "begun"
    script.write_text(
        f"#!/bin/sh\nsleep 100000 &\necho $$ $! > {begun}.new\nmv {begun}.new {begun}\nwait\n"
    )
    script.chmod(0o755)
    return script, begun


def alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in (b"Z", b"X")


def test_what_makes_an_environment_is_ended_with_all_it_started(tmp_path, environ, python, endless):
    script, begun = endless
    request = read_request(Install(packages=("greet",)), tmp_path, interpreter=python())
    with (
        Environments(tmp_path / "home", environ, uv=script) as environments,
        given_up(lambda: "interrupted" if begun.exists() else ""),
        pytest.raises(EnvironmentFailed, match="not made: interrupted"),
    ):
        environments.prepare(request)
    assert [name for name in os.listdir(tmp_path / "home/envs") if name != ".locks"] == []
    processes = begun.read_text().split()
    until = time.monotonic() + 60
    while any(map(alive, processes)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(alive, processes))


@pytest.mark.parametrize("shared", [True, False])
def test_nobody_waits_for_another_run_in_vain(tmp_path, shared):
    path = tmp_path / "lock"
    said = []
    with (
        locks.held(path),
        given_up(lambda: "terminated" if said else ""),
        pytest.raises(EnvironmentFailed, match="not made: terminated"),
    ):
        locks.take(path, shared=shared, waiting=lambda: said.append("waiting"))


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path):
    path = tmp_path / "lock"
    taken, free = threading.Event(), threading.Event()

    def hold():
        with locks.held(path):
            taken.set()
            free.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(60)
    with given_up(lambda: ""):
        handle = locks.take(path, shared=True, waiting=free.set)
    os.close(handle)
    holder.join()


def test_it_is_one_threads_own_affair(tmp_path):
    path = tmp_path / "lock"
    found = []

    def other():
        with locks.held(path):
            found.append("locked")

    with given_up(lambda: "interrupted"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == ["locked"]
