"""What holds for all tests."""

import contextlib
import signal


def pytest_configure():
    """Have Ctrl-C reach what tests start, also where they run in the background of a shell.

    What ignores a signal hands that on to its children, who then never hear of it.
    """
    # Elsewhere than in the main thread nothing can be done about it.
    with contextlib.suppress(ValueError):
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
