"""What the facts of a host mean."""

import pytest

from fairlead.deploy.commands.facts import Facts, Journal
from fairlead.deploy.lock import Holder
from fairlead.deploy.look import told
from fairlead.deploy.slots import About
from fairlead.model.deployment import Live
from fairlead.model.environment import Host

HOST = Host(address="web1")
SEVEN = About(number=7, version="v7", commit="c7", by="ada")
SIX = About(number=6, version="v6", commit="c6", by="bob")


def facts(**more):
    values = {"there": True, "live": "green", "since": 5.0, "slots": {"green": SEVEN, "blue": SIX}}
    return Facts(**(values | more))


def test_the_live_release_is_told():
    assert told(HOST, facts(), None) == Live(
        host="web1", slot="green", release=7, version="v7", commit="c7", since=5.0, by="ada"
    )


@pytest.mark.parametrize(("state", "warm"), [("running", 6), ("stopped", 0), ("failed", 0)])
def test_the_other_one_is_warm_while_it_runs(state, warm):
    live = told(HOST, facts(states={("blue", "web"): state, ("green", "web"): "running"}), None)
    assert (live.warm_release, live.warm) == (warm, "v6" if warm else "")


def test_nothing_was_ever_deployed():
    live = told(HOST, Facts(there=True), None)
    assert (live.version, live.slot, live.note) == ("", "", "")


def test_a_bare_host_says_what_to_do():
    assert "fairlead provision" in told(HOST, Facts(), None).note


def test_who_is_at_it_and_who_died_at_it():
    journal = Journal(by="eve")
    assert told(HOST, facts(journal=journal), None).died == "eve"
    assert told(HOST, facts(journal=Journal()), None).died == "somebody"
    busy = told(HOST, facts(journal=journal), Holder(by="ada"))
    assert (busy.busy, busy.died) == ("ada", "")
    assert told(HOST, facts(closed=True), None).maintenance
