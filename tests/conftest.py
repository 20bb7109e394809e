"""What holds for all tests."""

import contextlib
import os
import signal

import hypothesis

from fairlead.runner.environments.indexes import read_indexes

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
