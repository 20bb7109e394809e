"""What holds for all tests."""

import contextlib
import os
import signal

import hypothesis
import pytest

from fairlead.runner.environments.indexes import read_indexes
from portions import place, portion, scheduler

# How quickly examples are made says something of the machine, and nothing of what is tested.
hypothesis.settings.register_profile(
    "ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ours")


def pytest_configure():
    """Have Ctrl-C reach what tests start, and uv trust whom pip is told to trust.

    What ignores a signal hands that on to its children, who then never hear of it: so it is in
    the background of a shell. And tests call uv directly, which reads none of pip's configuration.
    """
    # Elsewhere than in the main thread nothing can be done about it.
    with contextlib.suppress(ValueError):
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if cert := read_indexes(os.environ).cert:
        os.environ.setdefault("SSL_CERT_FILE", cert)


def pytest_collection_modifyitems(items):
    """Several processes take what lasts longest first; one alone keeps the usual order."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: place(portion(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Have tests that share something dear to make run in one process."""
    return scheduler(config, log)
