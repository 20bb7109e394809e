import sys

import pytest

from fairlead.errors import SandboxFailed
from fairlead.runner import doctor
from fairlead.runner.doctor import Finding, State
from fairlead.runner.sandbox import choose

choose_module = sys.modules[choose.__module__]


def finding(state):
    return Finding(name="x", state=state, text="")


def test_only_what_is_missing_stops_a_run():
    assert doctor.can_run([finding(State.OK), finding(State.LACKING)])
    assert not doctor.can_run([finding(State.OK), finding(State.MISSING)])


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("git version 2.39.5", State.OK),
        ("git version 2.25.0.windows.1", State.OK),
        ("git version 3.0", State.OK),
        ("git version 2.24.1 (Apple Git-126)", State.MISSING),
        ("git version 1.8", State.MISSING),
        ("what?", State.MISSING),
        ("", State.MISSING),
    ],
)
def test_git_must_be_new_enough(words, state):
    found = doctor.judge_git(words)
    assert found.state is state
    assert bool(found.hint) == (state is not State.OK)


def test_little_space_is_told_but_does_not_stop():
    assert doctor.judge_space(5 << 30) == Finding(
        name="disk space", state=State.OK, text="5.0 GB free"
    )
    assert doctor.judge_space(5 << 20).state is State.LACKING


def test_a_home_that_may_not_be_entered_is_told(tmp_path, monkeypatch):
    def stat(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    home = tmp_path / "home"
    monkeypatch.setattr("pathlib.Path.stat", stat)
    monkeypatch.setattr("os.path.exists", lambda path: home not in (path, *path.parents))
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert doctor.writable(home).state is State.MISSING
    assert doctor.space(home).name == "disk space"


@pytest.mark.parametrize(
    ("kept", "state", "words"),
    [
        ({"pids", "memory"}, State.OK, "limits of processes and memory are enforced"),
        ({"pids"}, State.LACKING, "processes are enforced, limits of memory are checked"),
        (set(), State.LACKING, "limits of processes and memory are checked by sampling"),
    ],
)
def test_which_limits_hold(kept, state, words):
    found = doctor.judge_limits(frozenset(kept))
    assert found.state is state
    assert words in found.text


def test_a_home_that_does_not_exist_yet_is_fine_where_it_can_be_made(tmp_path):
    assert doctor.writable(tmp_path / "a" / "b").state is State.OK
    (tmp_path / "file").touch()
    assert doctor.writable(tmp_path / "file" / "b").state is State.MISSING


def test_no_isolation_is_told_with_the_way_out(monkeypatch, tmp_path):
    trouble = SandboxFailed("bubblewrap is not installed", hint="install it")
    monkeypatch.setattr(choose_module, "why_not_bubblewrap", lambda _cache: trouble)
    found = doctor.isolation(tmp_path)
    assert found.state is State.LACKING
    assert found.text == "jobs are not isolated: bubblewrap is not installed"
    assert found.hint == "install it"


def test_a_machine_without_interpreters_cannot_run(monkeypatch, tmp_path):
    monkeypatch.setattr("fairlead.runner.pythons.find", lambda _home, _environ: ())
    assert doctor.interpreters(tmp_path, {}).state is State.MISSING
