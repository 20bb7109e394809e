"""What only a machine of its own can show: sudo, a pulled cable, power that fails."""

import asyncio
import contextlib

import pytest

from fairlead.deploy import keys, shell, ssh
from fairlead.deploy.checking import check
from fairlead.deploy.layout import Layout
from fairlead.deploy.lock import holder_of, lock_all
from fairlead.errors import DeploymentLocked, HostLost, SudoMissing
from fairlead.model.environment import App, Environment, Host
from fairlead.settings import Settings


@pytest.fixture
def machine(network, tmp_path):
    """A bare machine that both `deploy` and root may sign in to, with the way to it."""
    from machines.desk import Desk

    found = network.machine("web1", 11, kind="plain")
    desk = Desk(network, tmp_path / "home")
    found.host = Host(address=found.address, user="deploy")
    found.settings = Settings(
        home=tmp_path / "cache", config=tmp_path / "config", ssh=str(desk.home / ".ssh")
    )
    with network.inside():
        yield found


@contextlib.asynccontextmanager
async def to(machine, user=None):
    connection = await ssh.connect(machine.host, user=user, settings=machine.settings)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("setting", ["!use_pty", "use_pty"])
def test_scripts_become_others_by_sudo_and_are_ended_as_those(machine, setting):
    """Newer systems have sudo give a terminal to whatever it starts."""
    machine.run(f"useradd --system --create-home shop; echo 'Defaults {setting}' >/etc/sudoers.d/z")
    data = bytes(range(256)) * 4000
    stays = "sleep 4715.1"

    async def act():
        async with to(machine, "shop") as host:
            who = [(await host.run("id -un; echo $HOME", root=root)).text for root in (False, True)]
            assert (await host.run("cat; echo no >&2", data=data)).out == data
            assert (await host.run("cat", data=b"\x04\x03", root=True)).out == b"\x04\x03"
            for root in (False, True):
                with pytest.raises(HostLost):
                    await host.run(stays, root=root, timeout=1)
                with pytest.raises(HostLost):
                    await host.run(stays, root=root, timeout=1, data=b"x" * (6 << 20))
            held = await host.hold(f"echo here; exec {stays}", root=True)
            await held.close()
            return who

    assert asyncio.run(act()) == ["shop\n/home/shop", "root\n/root"]
    assert stays not in str(machine.processes())


def test_sudo_that_wants_a_password_is_told(machine):
    machine.run("rm -f /etc/sudoers.d/*; deluser deploy sudo || :")

    async def act():
        async with to(machine) as host:
            assert (await host.run("id -un")).text == "deploy"
            with pytest.raises(SudoMissing) as told:
                await host.run("true", root=True)
        return str(told.value)

    told = asyncio.run(act())
    assert "deploy@10." in told
    assert "password is required" in told
    assert "NOPASSWD" in told


def test_a_bare_host_is_checked_and_told_what_it_lacks(machine):
    environment = Environment(name="production", hosts=(machine.host,), app=App(name="shop"))
    (found,) = asyncio.run(check(environment, environment.hosts, machine.settings))
    assert (found.login, found.root, found.user, found.python) == ("deploy", True, "", "")
    assert found.system.startswith("Debian GNU/Linux 12")
    assert found.free > 1 << 20
    assert len(found.problems) == 1
    assert "has no user shop" in found.problems[0]
    machine.run("useradd shop; install -d -o shop /srv/shop")
    (found,) = asyncio.run(check(environment, environment.hosts, machine.settings))
    assert (found.user, found.provisioned, found.problems) == ("shop", True, ())


def test_a_cable_that_is_pulled_is_noticed_and_the_host_frees_the_lock(machine, monkeypatch):
    """The host hears nothing of the end: no packet of ours arrives any more."""
    monkeypatch.setattr(keys, "_ASKED", 0.5)
    monkeypatch.setattr(shell, "_SILENCE", 3)
    monkeypatch.setattr(shell, "BEAT", 0.5)
    monkeypatch.setattr(ssh, "_ENDING", 0.5)
    layout = Layout("/srv/shop")
    machine.run("install -d -o deploy /srv/shop")

    async def act():
        async with to(machine) as host:
            locks = await lock_all([host], layout, by="ada")
            task = asyncio.create_task(host.run("sleep 4715.2"))
            await asyncio.to_thread(_until, lambda: "sleep 4715.2" in str(machine.processes()))
            machine.network.cable("web1", "down")
            with pytest.raises(HostLost):
                await task
            with pytest.raises(HostLost):
                locks.check()
        machine.network.cable("web1", "up")
        async with to(machine) as host:
            for _ in range(100):
                with contextlib.suppress(DeploymentLocked):
                    again = await lock_all([host], layout, by="bob")
                    break
                await asyncio.sleep(0.2)
            seen = await holder_of(host, layout)
            return again.leftovers, seen

    leftovers, seen = asyncio.run(act())
    assert seen is not None
    assert [holder.by for _, holder in leftovers] == ["ada"]


def test_a_host_whose_power_fails_is_noticed(machine, monkeypatch):
    monkeypatch.setattr(keys, "_ASKED", 0.5)
    monkeypatch.setattr(ssh, "_ENDING", 0.5)

    async def act():
        async with to(machine) as host:
            task = asyncio.create_task(
                host.run("echo begun; sleep 4715.3", tell=lambda _: machine.kill())
            )
            with pytest.raises(HostLost):
                await task

    asyncio.run(act())


def _until(true):
    import time

    for _ in range(400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came about")
