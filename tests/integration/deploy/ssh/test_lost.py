"""Connections that are cut, freeze or lose their holder."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from fairlead.deploy import keys, shell, ssh
from fairlead.deploy.hosts import close_all, open_all
from fairlead.deploy.layout import Layout
from fairlead.deploy.lock import holder_of, lock_all
from fairlead.errors import DeploymentLocked, HostError, HostFailed, HostLost


def on(server, act):
    async def whole():
        connection = await ssh.connect(server.host, settings=server.settings)
        try:
            return await act(connection)
        finally:
            await connection.close()

    return asyncio.run(whole())


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "srv").mkdir()
    return Layout(str(tmp_path / "srv"))


async def _during(server, host, words, hurt):
    """Hurt the server while a script of these words runs on it; gives what became of that."""
    task = asyncio.create_task(host.run(f"{words}; echo never"))
    assert await asyncio.to_thread(server.until, lambda: server.running(words))
    hurt()
    return await asyncio.gather(task, return_exceptions=True)


def test_a_connection_that_is_cut_is_told_and_nothing_goes_on_over_it(other_sshd):
    other_sshd.start()

    async def act(host):
        kill = lambda: other_sshd.signal_sessions(signal.SIGKILL)  # noqa: E731
        found = await _during(other_sshd, host, "sleep 4712.1", kill)
        with pytest.raises(HostLost):
            await host.run("true")
        with pytest.raises(HostLost):
            await host.hold("echo here; sleep 1")
        with pytest.raises(HostLost):
            [line async for line in host.lines("echo here")]
        return found

    (error,) = on(other_sshd, act)
    assert isinstance(error, HostLost)
    assert str(other_sshd.host) in str(error)
    assert other_sshd.gone("sleep 4712.1")


def test_a_host_that_freezes_is_noticed(other_sshd, monkeypatch):
    monkeypatch.setattr(keys, "_ASKED", 0.3)
    monkeypatch.setattr(ssh, "_ENDING", 0.5)
    other_sshd.start()

    async def act(host):
        freeze = lambda: other_sshd.signal_sessions(signal.SIGSTOP)  # noqa: E731
        return await _during(other_sshd, host, "sleep 4712.2", freeze)

    (error,) = on(other_sshd, act)
    assert isinstance(error, HostLost)
    other_sshd.signal_sessions(signal.SIGCONT)
    assert other_sshd.gone("sleep 4712.2")


def test_what_is_held_is_known_to_be_lost(other_sshd):
    other_sshd.start()

    async def act(host):
        held = await host.hold("echo here; exec sleep 4712.3")
        before = held.alive
        other_sshd.signal_sessions(signal.SIGKILL)
        await asyncio.wait_for(held.running.wait(), 30)
        await held.close()
        return before, held.alive

    assert on(other_sshd, act) == (True, False)
    assert other_sshd.gone("sleep 4712.3")


def test_what_is_held_stays_as_long_as_we_say_that_we_are_there(sshd, monkeypatch):
    monkeypatch.setattr(shell, "_SILENCE", 1)
    monkeypatch.setattr(shell, "BEAT", 0.2)

    async def act(host):
        held = await host.hold("echo here; exec sleep 4712.4")
        await asyncio.sleep(3)
        return held.alive

    assert on(sshd, act)


def test_what_is_held_ends_where_we_fall_silent_on_a_connection_that_stays(sshd, monkeypatch):
    monkeypatch.setattr(shell, "_SILENCE", 1)
    monkeypatch.setattr(shell, "BEAT", 60)

    async def act(host):
        held = await host.hold("echo here; exec sleep 4712.5")
        await asyncio.wait_for(held.running.wait(), 30)
        return held.alive

    assert not on(sshd, act)
    assert sshd.gone("sleep 4712.5")


def test_one_of_two_deployers_is_told_who_the_other_is(sshd, layout):
    async def act(host):
        other = await ssh.connect(sshd.host, settings=sshd.settings)
        locks = await lock_all([host], layout, by="ada")
        locks.check()
        with pytest.raises(DeploymentLocked, match=r"ada .*\(process \d+\) since 20\d\d-") as told:
            await lock_all([other], layout, by="bob")
        seen = await holder_of(other, layout)
        await locks.release()
        free = await holder_of(other, layout)
        again = await lock_all([other], layout, by="bob")
        await other.close()
        return str(told.value), seen, free, again.leftovers

    told, seen, free, leftovers = on(sshd, act)
    assert str(sshd.host) in told
    assert (seen.by, seen.process, seen.what) == ("ada", os.getpid(), "deploy")
    assert free is None
    assert leftovers == ()


def test_the_lock_goes_free_when_its_holder_is_killed_and_says_who_it_was(sshd, layout):
    program = (
        "import asyncio, sys, msgspec\n"
        "from fairlead.deploy import ssh, lock\n"
        "from fairlead.deploy.layout import Layout\n"
        "from fairlead.model.environment import Host\n"
        "from fairlead.settings import Settings\n"
        "async def main():\n"
        "    host = msgspec.json.decode(sys.argv[1], type=Host)\n"
        "    settings = msgspec.json.decode(sys.argv[2], type=Settings, dec_hook=lambda t, v: t(v))\n"
        "    connection = await ssh.connect(host, settings=settings)\n"
        "    await lock.lock_all([connection], Layout(sys.argv[3]), by='ada', what='rollback')\n"
        "    print('held', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    import msgspec

    values = (msgspec.json.encode(sshd.host), msgspec.json.encode(sshd.settings, enc_hook=str))
    holder = subprocess.Popen(
        [sys.executable, "-c", program, *(value.decode() for value in values), layout.root],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"

        async def act(host):
            before = await holder_of(host, layout)
            holder.kill()
            async with asyncio.timeout(30):
                while await holder_of(host, layout):  # noqa: ASYNC110 — another process's lock
                    await asyncio.sleep(0.05)
            locks = await lock_all([host], layout, by="bob")
            return before, locks.leftovers

        before, leftovers = on(sshd, act)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert (before.by, before.process, before.what) == ("ada", holder.pid, "rollback")
    assert leftovers == ((str(sshd.host), before),)


def test_a_lock_that_was_lost_is_noticed(other_sshd, layout):
    other_sshd.start()

    async def act(host):
        locks = await lock_all([host], layout)
        other_sshd.signal_sessions(signal.SIGKILL)
        with pytest.raises(HostLost):
            await host.run("true")
        with pytest.raises(HostLost, match="the lock was lost"):
            locks.check()
        await locks.release()

    on(other_sshd, act)


def test_all_hosts_are_locked_or_none(sshd, layout):
    """The same host twice: the second lock is refused, and the first is free again."""

    async def act():
        connections = await open_all([sshd.host, sshd.host], settings=sshd.settings)
        first = await lock_all(connections[:1], layout)
        with pytest.raises(DeploymentLocked):
            await lock_all(connections[1:], layout)
        await first.release()
        assert await holder_of(connections[0], layout) is None
        with pytest.raises(HostError) as told:
            await lock_all(connections, Layout(f"{layout.root}/absent"))
        assert isinstance(told.value, HostFailed)
        with pytest.raises(DeploymentLocked):
            await lock_all(connections, layout)
        free = await holder_of(connections[0], layout)
        await close_all(connections)
        return free

    assert asyncio.run(act()) is None


def test_locking_that_is_interrupted_does_not_look_like_a_holder_who_died(sshd, layout):
    async def act(host):
        locking, hold = asyncio.Event(), host.hold

        async def heard_of(script, **more):
            locking.set()
            return await hold(script, **more)

        host.hold = heard_of
        task = asyncio.create_task(lock_all([host], layout))
        await locking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        locks = await lock_all([host], layout)
        return locks.leftovers

    assert on(sshd, act) == ()


def test_who_is_told_no_good_name_is_somebody(sshd, layout):
    async def act(host):
        locks = await lock_all([host], layout, by="x\n'; rm -rf /")
        seen = await holder_of(host, layout)
        await host.run(f"echo '{{broken' >{layout.lock}.json")
        broken = await holder_of(host, layout)
        await locks.release()
        return seen, broken

    seen, broken = on(sshd, act)
    assert seen.by == "x\n'; rm -rf /"
    assert broken.by == ""
    assert str(broken) == "somebody"
