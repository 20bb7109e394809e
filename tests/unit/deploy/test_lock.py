"""Locks of several hosts: all or none, and nothing left behind."""

import asyncio

import pytest

from fairlead.deploy.base import Done
from fairlead.deploy.layout import Layout
from fairlead.deploy.lock import Holder, lock_all
from fairlead.errors import DeploymentLocked, HostError, HostFailed, SudoMissing
from fairlead.model.environment import Host

LAYOUT = Layout("/srv/shop")


class Held:
    def __init__(self, first):
        self.first, self.more, self.alive = first, (), True

    async def close(self):
        self.alive = False


class Connection:
    """A host that answers the question for its lock after a while, in one way or another."""

    def __init__(self, name, answer="held ", delay=0):
        self.host = Host(address=name)
        self.answer, self.delay = answer, delay
        self.held, self.ran = [], []

    async def hold(self, script, *, root=False, until=""):
        for _ in range(self.delay):
            await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        self.held.append(Held(self.answer))
        return self.held[-1]

    async def run(self, script, **more):
        self.ran.append(script)
        return Done(code=0)

    @property
    def let_go(self):
        return all(not held.alive for held in self.held) and (
            not self.held or any("rm -f" in script for script in self.ran)
        )


def test_a_holder_in_words():
    holder = Holder(by="ada", since=1_700_000_000.0, machine="laptop", process=12)
    assert str(holder).startswith("ada from laptop (process 12) since 2023-11-1")


def test_one_of_whom_nothing_is_known():
    assert str(Holder()) == "somebody"


def test_all_are_locked_the_first_by_name_before_the_others():
    order = []
    hosts = [Connection("web2"), Connection("web1", delay=5), Connection("web3")]
    for host in hosts:
        original = host.hold

        async def hold(script, *, until, original=original, name=host.host.address):
            held = await original(script)
            order.append(name)
            return held

        host.hold = hold

    async def act():
        locks = await lock_all(hosts, LAYOUT, by="ada")
        locks.check()
        assert not any(host.let_go for host in hosts)
        await locks.release()

    asyncio.run(act())
    assert order[0] == "web1"
    assert all(host.let_go for host in hosts)


@pytest.mark.parametrize("delay", [0, 20])
def test_where_one_refuses_the_others_are_let_go_in_good_order(delay):
    hosts = [
        Connection("web1"),
        Connection("web2", SudoMissing("web2: no sudo")),
        Connection("web3", delay=delay),
    ]
    with pytest.raises(SudoMissing, match="web2: no sudo"):
        asyncio.run(lock_all(hosts, LAYOUT))
    assert all(host.let_go for host in hosts)
    assert hosts[2].held


def test_that_somebody_else_deploys_matters_more_than_a_host_that_fails():
    busy = 'busy {"by":"bob"}'
    hosts = [Connection("a"), Connection("b", HostFailed("b: no")), Connection("c", busy)]
    with pytest.raises(DeploymentLocked, match="c is being deployed to by bob"):
        asyncio.run(lock_all(hosts, LAYOUT))


def test_several_that_fail_are_all_named():
    hosts = [
        Connection("a"),
        Connection("b", HostFailed("b: no")),
        Connection("c", HostFailed("c: no")),
    ]
    with pytest.raises(HostError, match="b: no\nc: no"):
        asyncio.run(lock_all(hosts, LAYOUT))


def test_what_the_host_says_instead_is_told():
    with pytest.raises(HostFailed, match="a: sh: no such folder"):
        asyncio.run(lock_all([Connection("a", "sh: no such folder")], LAYOUT))


def test_a_holder_who_died_is_remembered():
    async def act():
        left = 'held {"by":"eve","since":5.0}'
        locks = await lock_all([Connection("a", left), Connection("b", "held {torn")], LAYOUT)
        return locks.leftovers

    ((host, holder),) = asyncio.run(act())
    assert (host, holder.by, holder.since) == ("a", "eve", 5.0)
