"""A host that is gone in the middle, and a deployer who is: at every phase."""

import pytest

FIRST, SECOND = "first", "second"
BEFORE = ("upload", "install", "import", "probe", "migrate")
ALL = (*BEFORE, "switch", "watch", "retire")
LOST = "web2"
OTHERS = ("web1", "web3")


def held(site, phase, name):
    """A deployment of the second release that has come to a phase on a host, and no further."""
    if phase in {"watch", "retire"}:
        site.shop.configure(watch=3)
        going = site.start(SECOND)
        assert going.until("phase_started", phase=phase), going.said
        return going
    site.shop.configure(holds=True)
    site.hold(phase, name)
    going = site.start(SECOND)
    site.reached(phase, name)
    return going


@pytest.mark.parametrize("phase", [*BEFORE, "switch", "watch"])
def test_a_host_that_vanishes_leaves_the_others_with_one_release(site, phase):
    # Only the first host migrates.
    lost = "web1" if phase == "migrate" else LOST
    others = [name for name in site.machines if name != lost]
    going = held(site, phase, lost)
    site.network.cable(lost, "down")
    going.end()
    assert site.live(*others) == site.all_live(FIRST, *others), going.said
    expected = {"refused"} if phase in BEFORE else {"rolled back", "failed"}
    assert going.outcome in expected, going.said
    assert site.machines[lost].address in going.finished["sentence"]
    site.network.cable(lost, "up")
    site.let_go()
    again = site.deploy(SECOND)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(SECOND)


@pytest.mark.parametrize("phase", ALL)
def test_a_deployer_that_is_killed_leaves_what_the_next_one_clears(site, phase):
    name = "web1" if phase == "migrate" else LOST
    before = site.states()
    going = held(site, phase, name)
    going.kill()
    found = set(site.live().values())
    assert found <= {*site.all_live(FIRST).values(), *site.all_live(SECOND).values()}
    if phase in BEFORE:
        assert site.live() == site.all_live(FIRST)
    site.let_go()
    again = site.deploy(SECOND)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(SECOND)
    back = site.deploy(FIRST)
    assert back.outcome == "live", back.said
    assert {name: len(state) for name, state in before.items()}


def test_a_host_that_is_switched_off_and_on_serves_what_it_served(site):
    for name, machine in site.machines.items():
        machine.reboot()
        site.network.answers(machine.address, 80)
        assert name
    assert settled(site) == site.all_live(FIRST)


def settled(site):
    """What is live once it has started."""
    from time import monotonic, sleep

    end = monotonic() + 30
    while site.live() != site.all_live(FIRST) and monotonic() < end:
        sleep(0.1)
    return site.live()
