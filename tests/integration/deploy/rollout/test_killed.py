"""A deployer who is killed, hosts that vanish, two who deploy at once, and a person who ends it."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fairlead.deploy.rollout import DeployOrder, deploy
from fairlead.model.environment import Migrations, Process, Watch

# Every phase has its turn on machines of their own (tests/integration/deploy/proof); here are those
# that leave something else behind each.
BEFORE = ("upload", "restart", "migrate")
AFTER = ("switch", "watch", "retire")


@pytest.fixture(scope="module")
def bank(towns, carry_out):
    """Two hosts where a deployment goes through all phases; releases 1 and 2 are there."""
    made = towns(
        2,
        workers=(Process(name="clock", command="sleep 300"),),
        migrations=Migrations(command="sleep 0.3"),
        flush="sleep 0.3",
        maintenance=True,
    )
    for number in (1, 2):
        went = carry_out(made, made.release(number))
        assert went.outcome == "live", went
    return made


def die(bank, release, phase):
    """Have a deployer of its own deploy a release and be killed in a phase."""
    text = json.dumps(
        {
            "environment": msgspec.to_builtins(bank.environment),
            "release": msgspec.to_builtins(release),
            "machines": {
                name: {"root": str(m.root), "canonical": m.canonical, "port": m.port}
                for name, m in bank.machines.items()
            },
        }
    )
    program = str(Path(__file__).with_name("deployer.py"))
    ended = subprocess.run([sys.executable, program, text, phase], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def whole(bank, release):
    """Whether one release is live everywhere with its processes, and nothing is left over."""
    for machine in bank.machines.values():
        slot, version = machine.live()
        assert version == release.manifest.version
        assert machine.leftovers() == []
        running = machine.states()
        assert {(slot, "web"), (slot, "clock-1")} <= running
        assert {name for _, name in running - {(slot, "web"), (slot, "clock-1")}} <= {"web"}
        assert not (machine.root / "maintenance/on.html").exists()
        assert (machine.root / "run/live.sock").readlink() == Path("../slots/live/sock")
    return True


@pytest.mark.parametrize("phase", [*BEFORE, *AFTER])
def test_the_next_deployment_heals_what_a_killed_one_left(bank, carry_out, load, phase):
    live = [machine.live()[1] for machine in bank.machines.values()]
    new = bank.release(3 if live[0] != bank.release(3).manifest.version else 4)
    with load(*bank.machines.values(), rate=10) as asked:
        die(bank, new, phase)
        closed = any((m.root / "maintenance/on.html").exists() for m in bank.machines.values())
        served = {machine.live()[1] for machine in bank.machines.values()}
        if phase in BEFORE:
            assert served == set(live)
        went = carry_out(bank, new)
    assert went.outcome == "live", went
    assert whole(bank, new)
    assert set(asked.bad) <= {503}, asked.bad
    if closed:
        assert any("left the site closed" in notice for notice in went.notices)
    if phase != "retire":
        assert any("by the killed one ended" in notice for notice in went.notices), went


@pytest.mark.parametrize("phase", ["restart", "migrate", "watch", "retire"])
def test_a_host_that_vanishes(bank, carry_out, phase):
    before = {name: machine.live()[1] for name, machine in bank.machines.items()}
    (old,) = set(before.values())
    new = bank.release(5 if old != bank.release(5).manifest.version else 6)
    first = "h1" if phase == "migrate" else "h2"

    def vanish(event, stop):
        if carry_out.started(event, phase, first):
            bank[first].down = True

    went = carry_out(bank, new, on=vanish)
    bank[first].down = False
    other = bank["h2" if first == "h1" else "h1"]
    if phase == "retire":
        assert went.outcome == "live", went
        assert f"{first} is live, and was not tidied" in went.notices[-1]
        assert other.live()[1] == new.manifest.version
    else:
        assert went.outcome == ("refused" if phase in BEFORE else "rolled back"), went
        assert f"{first} is out of reach" in went.sentence
        assert other.live()[1] == old
        assert other.leftovers() == []
    again = carry_out(bank, new)
    assert again.outcome == "live", again
    assert whole(bank, new)


def test_a_host_that_vanishes_with_its_switch_done(bank, carry_out):
    (old,) = {machine.live()[1] for machine in bank.machines.values()}
    new = bank.release(7)
    bank["h2"].lost_after = lambda script: "slots/.live.new" in script
    went = carry_out(bank, new, on=None)
    assert went.outcome == "rolled back", went
    assert "h2 is out of reach, and may serve release 7" in went.sentence
    assert bank["h1"].live()[1] == old
    assert bank["h2"].live()[1] == new.manifest.version
    bank["h2"].down, bank["h2"].lost_after = False, None
    again = carry_out(bank, bank.release(8))
    assert again.outcome == "live", again
    assert any(
        "h2: the deployment of release 7 by ada ended behind the switch" in n for n in again.notices
    )
    assert whole(bank, bank.release(8))


def test_a_host_that_comes_back_at_once_is_put_back_too(bank, carry_out):
    (old,) = {machine.live()[1] for machine in bank.machines.values()}
    lost = []

    def connect_again(host):
        if bank["h2"].down:
            bank["h2"].down, bank["h2"].lost_after = False, None
            lost.append(host)
        return bank.connect(host)

    class Town:
        environment, connect = bank.environment, staticmethod(connect_again)

    bank["h2"].lost_after = lambda script: "slots/.live.new" in script
    went = carry_out(Town, bank.release(9))
    assert went.outcome == "rolled back", went
    assert lost
    assert {machine.live()[1] for machine in bank.machines.values()} == {old}
    assert [machine.leftovers() for machine in bank.machines.values()] == [[], []]


@pytest.mark.parametrize("phase", ["probe", "migrate", "watch"])
def test_a_person_ends_it(bank, carry_out, phase):
    (old,) = {machine.live()[1] for machine in bank.machines.values()}

    def end(event, stop):
        if carry_out.started(event, phase):
            stop.set()

    class Town:
        environment = msgspec.structs.replace(bank.environment, watch=Watch(seconds=20))
        connect = staticmethod(bank.connect)

    went = carry_out(Town, bank.release(10), on=end)
    assert went.outcome == ("rolled back" if phase == "watch" else "cancelled"), went
    assert "ended by a person" in went.sentence
    assert {machine.live()[1] for machine in bank.machines.values()} == {old}
    assert [machine.leftovers() for machine in bank.machines.values()] == [[], []]


def test_a_person_who_ends_it_again_and_again(bank, carry_out):
    (old,) = {machine.live()[1] for machine in bank.machines.values()}
    environment = msgspec.structs.replace(bank.environment, watch=Watch(seconds=60))
    order = DeployOrder(environment=environment, release=bank.release(10), by="ada")
    again = []

    async def act():
        mine, stop = asyncio.current_task(), asyncio.Event()

        def emit(event):
            if carry_out.started(event, "watch"):
                stop.set()
            elif carry_out.started(event, "back") or type(event).__name__ == "PhaseOutput":
                again.append(event)
                asyncio.get_running_loop().call_soon(mine.cancel)

        return await deploy(order, emit, stop, connect=bank.connect)

    finished = asyncio.run(act())
    assert again
    assert finished.outcome == "rolled back", finished
    assert {machine.live()[1] for machine in bank.machines.values()} == {old}
    assert [machine.leftovers() for machine in bank.machines.values()] == [[], []]


def test_two_who_deploy_at_once(bank):
    async def both():
        orders = [
            DeployOrder(environment=bank.environment, release=bank.release(number), by=by)
            for number, by in ((11, "ada"), (12, "grace"))
        ]
        return await asyncio.gather(
            *(
                deploy(order, lambda _event: None, asyncio.Event(), connect=bank.connect)
                for order in orders
            )
        )

    outcomes = asyncio.run(both())
    won = next(one for one in outcomes if one.outcome == "live")
    lost = next(one for one in outcomes if one is not won)
    assert lost.outcome == "refused"
    assert "is being deployed to by" in lost.sentence
    number = 11 if outcomes[0] is won else 12
    assert whole(bank, bank.release(number))
