"""A host that is gone in the middle, and a deployer who is: at every phase."""

import pytest

BEFORE = ("upload", "install", "import", "probe", "migrate")
ALL = (*BEFORE, "switch", "watch", "retire")
LOST = "web2"
OTHERS = ("web1", "web3")


def held(site, phase, name):
    """A deployment of the second release that has come to a phase on a host, and no further."""
    if phase in {"watch", "retire"}:
        site.shop.configure(watch=3)
        going = site.start(site.new)
        assert going.until("phase_started", phase=phase), going.said
        return going
    site.hold(phase, name)
    going = site.start(site.new)
    site.reached(phase, name)
    return going


@pytest.mark.parametrize("phase", [*BEFORE, "switch", "watch"])
def test_a_host_that_loses_its_power_leaves_the_others_with_one_release(site, phase):
    # Only the first host migrates.
    lost = "web1" if phase == "migrate" else LOST
    others = [name for name in site.machines if name != lost]
    going = held(site, phase, lost)
    site.machines[lost].kill()
    going.end()
    assert site.live(*others) == site.all_live(site.old, *others), going.said
    assert going.outcome in ({"refused"} if phase in BEFORE else {"rolled back", "failed"}), (
        going.said
    )
    assert site.machines[lost].address in going.finished["sentence"]
    site.machines[lost].run_again()
    site.let_go(phase, lost)
    again = site.deploy(site.new)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(site.new)


def test_a_host_that_loses_its_power_when_all_is_done_takes_nothing_back(site):
    going = held(site, "retire", LOST)
    site.machines[LOST].kill()
    going.end()
    assert going.outcome == "live", going.said
    assert site.live(*OTHERS) == site.all_live(site.new, *OTHERS), going.said
    assert site.machines[LOST].address in going.said
    site.machines[LOST].run_again()
    assert site.comes_to(site.new)
    again = site.deploy(site.old)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(site.old)


def test_a_host_that_loses_its_network_is_let_go_of_by_itself(site):
    others = [name for name in site.machines if name != LOST]
    going = held(site, "switch", LOST)
    site.network.cable(LOST, "down")
    going.end()
    assert going.outcome in {"rolled back", "failed"}, going.said
    assert site.live(*others) == site.all_live(site.old, *others), going.said
    # Whoever is cut off cannot hear that nobody deploys any more: its lock ends by itself.
    site.machines[LOST].run("flock -w 60 /srv/shop/lock true")
    site.let_go("switch", LOST)
    site.network.cable(LOST, "up")
    again = site.deploy(site.new)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(site.new)


@pytest.mark.parametrize("phase", ALL)
def test_a_deployer_that_is_killed_leaves_what_the_next_one_clears(site, phase):
    name = "web1" if phase == "migrate" else LOST
    going = held(site, phase, name)
    going.kill()
    found = set(site.live().values())
    assert found <= {*site.all_live(site.old).values(), *site.all_live(site.new).values()}
    if phase in BEFORE:
        assert site.live() == site.all_live(site.old)
    site.let_go(phase, name)
    again = site.deploy(site.new)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(site.new)
    for name in site.machines:
        state = site.state(name).split()
        assert not [word for word in state if word.endswith((".new", ".before", "under-way"))]


def test_hosts_that_are_switched_off_and_on_serve_what_they_served(site):
    for machine in site.machines.values():
        machine.kill()
    for machine in site.machines.values():
        machine.run_again()
    assert site.comes_to(site.old)
