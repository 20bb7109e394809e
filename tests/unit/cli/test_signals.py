"""Signals at bad moments: before anything runs, and those that are to be ignored."""

import asyncio
import os
import signal
import subprocess
import sys

import click
import pytest

from fairlead.cli.deploying import _Signals, carry_out
from fairlead.cli.running import _cancelled_by_signals
from fairlead.cli.shell import command as shell
from fairlead.deploy import providers
from fairlead.deploy.order import RollbackOrder
from fairlead.model.deployment import DeployFinished, DeployOutcome
from fairlead.model.environment import Environment


@pytest.fixture
def ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


def test_a_signal_cancels():
    before = signal.getsignal(signal.SIGTERM)
    with _cancelled_by_signals() as cancel:
        os.kill(os.getpid(), signal.SIGTERM)
        assert cancel.reason == "terminated"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_was_ignored_still_is(ignored):
    with _cancelled_by_signals() as cancel:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not cancel.thrown
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_deployment_that_ignores_its_terminal_s_end_goes_on(ignored):
    async def hang_up():
        stop = asyncio.Event()
        with _Signals(stop):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
            assert not stop.is_set()
            os.kill(os.getpid(), signal.SIGTERM)
            await stop.wait()

    asyncio.run(hang_up())
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_deployment_that_is_ended_twice_is_no_bug(monkeypatch, capsys):
    async def ended_twice(order, emit, stop, *, connect):
        emit(DeployFinished(time=0.0, outcome=DeployOutcome.CANCELLED, sentence="so", seconds=0.0))
        raise asyncio.CancelledError

    monkeypatch.setattr(providers, "rollback", ended_twice)
    order = RollbackOrder(environment=Environment(name="production"))
    assert carry_out(order, events=True, plain=True) == 130
    assert '"outcome":"cancelled"' in capsys.readouterr().out


def test_ctrl_c_while_something_is_loaded_is_no_bug():
    program = (
        "from fairlead.cli import start\n"
        "def interrupted(_): raise KeyboardInterrupt\n"
        "start._answer = interrupted\n"
        "start.entry()\n"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_ctrl_c_ends_the_preparing_of_a_shell(tmp_path, monkeypatch):
    (tmp_path / "fairlead.yml").write_text("jobs: {a: {python: none, run: x}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))

    def prepared(*_):
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    monkeypatch.setattr("fairlead.runner.shell.open_shell", prepared)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(click.Abort):
            shell.main(["a"], standalone_mode=False)
    finally:
        signal.signal(signal.SIGINT, before)
