"""One supervisor a folder, whatever happens to it: the kernel frees the lock of the dead."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from fairlead.server.postgres.errors import PostgresFailed, unwritable

_NAME = "lock"


class Lock:
    """Held from here to ``release``. Raises ``PostgresFailed`` where somebody else has it."""

    def __init__(self, root: Path) -> None:
        path = root / _NAME
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(path, flags, 0o600)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise _taken(root, holder) from None
        except OSError as error:
            os.close(handle)
            raise unwritable(path, error) from error
        self._handle = handle

    def release(self) -> None:
        """Let somebody else have the folder."""
        os.close(self._handle)


def supervisor_of(root: Path) -> int:
    """The process that looks after the database in ``root`` now, or 0."""
    try:
        handle = os.open(root / _NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(handle)
    finally:
        os.close(handle)
    return 0


def _holder(handle: int) -> int:
    with suppress(ValueError):
        return int(os.pread(handle, 20, 0))
    return -1


def _taken(root: Path, holder: int) -> PostgresFailed:
    return PostgresFailed(
        f"another Fairlead (process {holder}) already runs the database in {root}",
        hint="stop that one first, or name another folder with FAIRLEAD_DATA",
    )
