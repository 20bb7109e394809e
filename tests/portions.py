"""Which tests one process takes together, and which ones begin first.

Much of what tests need is made once for a process: provisioned hosts, environments of many
Pythons, a filled server. Tests that share such a thing go to one process; so it is made once, and
not by each. What lasts longest begins first, so that all end at about the same time.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/integration/deploy/proof",
    "tests/integration/collect",
    "tests/integration/deploy/provision",
    "tests/integration/deploy/review",
    "tests/integration/release",
    "tests/integration/server/operating",
    "tests/integration/environments",
    "tests/integration/reports",
    "tests/integration/services",
)
"""Folders of tests that share what is dear to make, in the order in which they begin."""

_AFTERWARDS = ("tests/acceptance", "tests/integration", "tests")


def portion(nodeid: str) -> str:
    """The folder or file whose tests stay with this one."""
    path = nodeid.partition("::")[0]
    above = [str(folder) for folder in PurePosixPath(path).parents]
    return next((folder for folder in TOGETHER if folder in above), path)


def place(name: str) -> int:
    """Where a portion stands in the queue; lowest first."""
    if name in TOGETHER:
        return TOGETHER.index(name)
    above = [str(folder) for folder in PurePosixPath(name).parents]
    found = (i for i, folder in enumerate(_AFTERWARDS) if folder in above)
    return len(TOGETHER) + next(found, len(_AFTERWARDS))


class Portions(LoadScopeScheduling):
    """Hands out whole portions, in the order of the tests."""

    def _split_scope(self, nodeid):
        return portion(nodeid)


def scheduler(config, log):
    """What pytest-xdist asks for, where nobody asked for another one by ``--dist``."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False  # by the number of tests, which says little of ours
    return Portions(config, log)
