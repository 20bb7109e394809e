"""Compiling the hooks for an interpreter, once, so that its start-up stays short."""

import contextlib
from pathlib import Path

from fairlead.errors import FairleadError
from fairlead.util.proc import run

from . import INSIDE


def prepare(python: Path) -> bool:
    """Leave the hooks compiled for ``python`` beside their sources; false where that fails.

    They work without it (on a read-only installation, say), but each start of that interpreter
    takes about a millisecond longer. To be called when an environment is made.
    """
    with contextlib.suppress(FairleadError, OSError):
        script = INSIDE / "fairlead_prepare.py"
        return run([python, "-E", "-s", script], env={}, timeout=60).code == 0
    return False
