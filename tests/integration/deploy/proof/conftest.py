"""The shop that releases go to, for the tests here."""

import tempfile
from pathlib import Path

import pytest

from machines.balancer import Balancer
from machines.debian import code
from machines.loading import Load
from machines.site import make_site, start_site


@pytest.fixture(scope="session")
def kept(systems):
    """The folder of a provisioned site, made once for each state of our code."""
    return systems.used(f"site-{code()}", lambda place: make_site(systems, place))


@pytest.fixture(scope="module")
def whole(systems, kept):
    """The site for tests that leave one of the good releases live on all hosts."""
    with tempfile.TemporaryDirectory(prefix="fairlead-site-") as folder:
        made = start_site(systems, kept, Path(folder))
        yield made
        made.network.close()


@pytest.fixture
def site(whole):
    """The site with one good release, ``old``, live everywhere; ``new`` is another good one."""
    whole.settle()
    yield whole
    whole.rest()


@pytest.fixture
def front(site, tmp_path):
    """A load balancer that forgives nothing."""
    with Balancer(site.network, tmp_path / "front", site.machines.values()) as balancer:
        yield balancer


@pytest.fixture
def load(site, front, tmp_path):
    """200 requests a second from entering it until it is left."""
    return Load(site.network, front.address, front.port, tmp_path / "load.log")
