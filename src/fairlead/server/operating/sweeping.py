"""What goes on its own after a time: builds, artifacts, and what killed writers left."""

import time

from fairlead.server.configuration import Configuration
from fairlead.server.operating.locks import files_may_go
from fairlead.server.services.retention import expire
from fairlead.server.storage.opening import own_storage

EVERY = 60.0
"""Seconds between two calls of ``sweep_storage`` that suit any installation."""

_LEFT = 86400.0
"""Seconds after which what is still half written has no writer any more."""

_HOURLY = 3600.0
_swept = 0.0


def sweep_storage(told: Configuration) -> int:
    """Remove what was kept long enough and what nobody finishes; returns how much that was.

    Does nothing while another process does it, or a backup is made. Raises ``StoreError`` and
    what the database raises.
    """
    with files_may_go() as may:
        return expire(own_storage(told)) + _sweep_left(told) if may else 0


def _sweep_left(told: Configuration) -> int:
    """Looking through a large folder is dear: once an hour is enough for what lies a day."""
    global _swept  # noqa: PLW0603 — of this process
    now = time.monotonic()
    if _swept and now - _swept < _HOURLY:
        return 0
    _swept = now
    return own_storage(told).sweep(time.time() - _LEFT)
