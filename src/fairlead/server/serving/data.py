"""The data folder: made for those who must get to it, and held by one ``serve`` at a time."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from fairlead.errors import FairleadError, StoreError
from fairlead.server.configuration import Configuration, folder_mode
from fairlead.util.serving import serving

_HELD = "serve.lock"
_PRIVATE = ("storage", "repositories")
"""Closed to others even where PostgreSQL's user may pass through the folder above."""


def make_data(told: Configuration) -> Path:
    """The folder, made where it is missing. Raises ``StoreError`` where it cannot be written."""
    data = told.data
    try:
        data.mkdir(mode=folder_mode(), parents=True, exist_ok=True)
        for name in _PRIVATE:
            (data / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write the data folder {data}: {error.strerror or error}",
            hint="make it writable for you, or name another one with FAIRLEAD_DATA",
        ) from error
    return data


class Held:
    """The data folder, ours until ``release`` or our end.

    Raises ``FairleadError`` where another process has it.
    """

    def __init__(self, data: Path) -> None:
        self._handle = os.open(data / _HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(self._handle)
            os.close(self._handle)
            found = serving(data)
            where = f", at {found.url}/" if found else ""
            raise FairleadError(
                f"fairlead serve already runs on {data} (process {holder}){where}",
                hint="stop that one first, or name another folder with FAIRLEAD_DATA",
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let somebody else have the folder."""
        os.close(self._handle)


def _holder(handle: int) -> str:
    with suppress(OSError, ValueError):
        return str(int(os.pread(handle, 20, 0)))
    return "unknown"
