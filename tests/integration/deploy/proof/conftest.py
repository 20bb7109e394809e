"""The shop that releases go to, for the tests here."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from machines.balancer import Balancer
from machines.debian import code, memory
from machines.loading import Load
from machines.site import make_site, start_site


@pytest.fixture(scope="session")
def kept(systems):
    """The folder of a provisioned site, made once for each state of our code."""
    if systems.holds_layers():
        yield systems.used(f"site-{code()}", lambda place: make_site(systems, place))
        return
    with tempfile.TemporaryDirectory(dir=memory(), prefix="fairlead-site-") as folder:
        make_site(systems, Path(folder) / "site")
        yield Path(folder) / "site"


class Sites:
    """The site that tests share; a new one where a test left it as nothing can be deployed to."""

    def __init__(self, start) -> None:
        self._start, self._stack, self._site = start, ExitStack(), None

    def settled(self):
        """The site with one good release live everywhere."""
        try:
            if self._site:
                self._site.settle()
                return self._site
        except AssertionError:
            self.close()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="fairlead-site-"))
        self._site = self._start(Path(folder))
        self._stack.callback(self._site.network.close)
        self._site.settle()
        return self._site

    def close(self):
        self._site = None
        self._stack.close()


@pytest.fixture(scope="session")
def sites(systems, kept):
    """What ``site`` comes from."""
    made = Sites(lambda folder: start_site(systems, kept, folder))
    yield made
    made.close()


@pytest.fixture
def site(sites):
    """The site with one good release, ``old``, live everywhere; ``new`` is another good one."""
    found = sites.settled()
    yield found
    found.rest()


@pytest.fixture
def front(site, tmp_path):
    """A load balancer that forgives nothing."""
    with Balancer(site.network, tmp_path / "front", site.machines.values()) as balancer:
        yield balancer


@pytest.fixture
def load(site, front, tmp_path):
    """200 requests a second from entering it until it is left."""
    return Load(site.network, front.address, front.port, tmp_path / "load.log")
