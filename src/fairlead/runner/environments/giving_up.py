"""Giving up on an environment that is being made or waited for, when its job is to end.

Whether it is asks whoever runs the job, for all that is done in the same thread.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fairlead.errors import EnvironmentFailed


class _Asked(threading.local):
    why: Callable[[], str] | None = None


_asked = _Asked()


@contextmanager
def given_up(why: Callable[[], str]) -> Iterator[None]:
    """Give up in this thread, from now to the end of the block, once ``why`` returns a reason."""
    before, _asked.why = _asked.why, why
    try:
        yield
    finally:
        _asked.why = before


def is_asked() -> bool:
    """Whether anybody may want this thread to give up."""
    return _asked.why is not None


def go_on() -> None:
    """Return where there is no reason to give up. Raises ``EnvironmentFailed`` with the reason."""
    if _asked.why and (reason := _asked.why()):
        raise EnvironmentFailed(f"not made: {reason}")
