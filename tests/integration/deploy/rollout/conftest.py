import asyncio
import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from fairlead.deploy.rollout import DeployOrder, RollbackOrder, deploy, rollback


def _load(name):
    spec = importlib.util.spec_from_file_location(
        f"rollout_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"rollout_{name}"] = module
    spec.loader.exec_module(module)
    return module


local = _load("local")


def _made():
    absent = [name for name in local.NEEDED if not shutil.which(name)]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")
    made = []

    def make(count=1, **changes):
        made.append(local.Town(count, **changes))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def town():
    """Makes an environment of so many machines, with changes to it."""
    yield from _made()


@pytest.fixture(scope="module")
def towns():
    """As `town`, for what several tests of a module share."""
    yield from _made()


@pytest.fixture(scope="session")
def load():
    """Asks machines all the time."""
    return local.Load


class Went:
    """A deployment that is over: what it returned and every event."""

    def __init__(self, finished, events):
        self.finished, self.events = finished, events
        self.outcome, self.sentence = finished.outcome, finished.sentence

    def of(self, kind):
        return [event for event in self.events if type(event).__name__ == kind]

    def phases(self, host=None):
        ended = self.of("PhaseEnded")
        return [str(e.phase) for e in ended if host in (None, e.host) and not e.skipped]

    @property
    def output(self):
        return [event.text for event in self.of("PhaseOutput")]

    @property
    def notices(self):
        return [event.text for event in self.of("DeployNotice")]

    def __repr__(self):
        return "\n".join([str(self.outcome), self.sentence, *self.output, *self.notices])


def started(event, phase, host=None):
    """Whether an event is the start of a phase."""
    return (
        type(event).__name__ == "PhaseStarted"
        and event.phase == phase
        and host in (None, event.host)
    )


async def _carry(town, release, emit, stop, back, changes):
    if back:
        order = RollbackOrder(environment=town.environment, release=release, **changes)
        return await rollback(order, emit, stop, connect=town.connect)
    order = DeployOrder(environment=town.environment, release=release, by="ada", **changes)
    return await deploy(order, emit, stop, connect=town.connect)


@pytest.fixture(scope="session")
def carry_out():
    """Deploys a release (or goes back) and returns what came of it.

    `on` gets each event and the switch that ends the deployment.
    """

    def carry(town, release=None, *, back=False, on=None, **changes):
        events = []
        stop = asyncio.Event()

        def emit(event):
            events.append(event)
            if on:
                on(event, stop)

        return Went(asyncio.run(_carry(town, release, emit, stop, back, changes)), events)

    carry.started = started
    return carry
