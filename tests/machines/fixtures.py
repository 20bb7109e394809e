"""Fixtures that give machines; a conftest imports those that its tests use."""

import tempfile
from pathlib import Path

import pytest

from machines import network as networks
from machines.debian import Systems
from machines.desk import Desk


@pytest.fixture(scope="session")
def systems(request):
    """The systems that machines start from; made once and kept in pytest's cache."""
    if trouble := networks.why_not():
        pytest.skip(f"no machines of their own here: {trouble}")
    made = Systems(Path(request.config.cache.mkdir("machines")))
    made.bare()
    yield made
    made.close()


@pytest.fixture
def network(systems):
    """A network of the test's own, without machines."""
    with tempfile.TemporaryDirectory(prefix="fairlead-network-") as folder:
        made = networks.Network(Path(folder), systems)
        yield made
        made.close()


@pytest.fixture
def bare(network):
    """Three bare machines: web1 with systemd, web2 and web3 with System V's way of starting."""
    for number, name in enumerate(("web1", "web2", "web3"), 11):
        network.machine(name, number, kind="systemd" if name == "web1" else "plain")
    return network


@pytest.fixture
def desk(network, tmp_path):
    """Somebody who deploys to what is on the network when the test asks for a desk."""
    return Desk(network, tmp_path / "home")
