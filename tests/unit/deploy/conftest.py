import pytest

from fairlead.deploy.commands.facts import Facts
from fairlead.deploy.order import DeployOrder, RollbackOrder
from fairlead.deploy.slots import About
from fairlead.model.environment import App, Environment, Host, Process
from fairlead.model.release import Manifest, Release


@pytest.fixture
def environment():
    """An environment of one host, with changes."""

    def make(*hosts, **changes):
        app = App(
            name="bank", target="app:app", manager="supervisor", workers=changes.pop("workers", ())
        )
        found = tuple(Host(address=host) if isinstance(host, str) else host for host in hosts)
        return Environment(
            name="production", hosts=found or (Host(address="h1"),), app=app, **changes
        )

    return make


@pytest.fixture
def release():
    def make(number=8, **changes):
        wanted = {
            "project": "bank",
            "version": f"{number:012x}",
            "commit": f"{number:040x}",
            "branch": "master",
            "verdict": "passed",
            "environment": "e1",
            "payload": f"{number:064x}",
        }
        manifest = Manifest(**(wanted | changes))
        return Release(
            number=number, manifest=manifest, file="x.release", sha256="", size=100, created=0.0
        )

    return make


@pytest.fixture
def about(release):
    def make(number, **changes):
        manifest = release(number).manifest
        told = {
            "number": number,
            "version": manifest.version,
            "payload": manifest.payload,
            "folder": str(number),
        }
        return About(**(told | changes))

    return make


@pytest.fixture
def facts(about):
    """A host with release 7 live in blue, 6 warm in green, both kept."""

    def make(**changes):
        seven, six = about(7), about(6)
        found = {
            "there": True,
            "live": "blue",
            "slots": {"blue": seven, "green": six},
            "states": {("blue", "web"): "running", ("green", "web"): "running"},
            "releases": {
                "7": f"{seven.version}:{seven.payload}",
                "6": f"{six.version}:{six.payload}",
            },
            "environments": frozenset({"e1"}),
            "free": 1 << 30,
            "machine": "linux_x86_64",
        }
        return Facts(**(found | changes))

    return make


@pytest.fixture
def deploying(environment, release):
    return lambda number=8, *, env=None, **changes: DeployOrder(
        environment=env or environment(), release=release(number, **changes)
    )


@pytest.fixture
def going_back(environment):
    return lambda to="", *, env=None, **changes: RollbackOrder(
        environment=env or environment(), to=to, **changes
    )


@pytest.fixture
def worker():
    return Process(name="clock", command="python tick.py", count=2)
