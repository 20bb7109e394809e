"""File locks with shared holders: users of an environment, and its one builder or remover."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fairlead.runner.environments.giving_up import go_on, is_asked
from fairlead.util.fs import unusable

_LOOK_EVERY = 0.02  # seconds


def take(
    path: Path, *, shared: bool, wait: bool = True, waiting: Callable[[], None] | None = None
) -> int | None:
    """Lock the file ``path`` and return its descriptor; closing that frees the lock.

    ``waiting`` is called once where somebody else has it. ``None`` only without ``wait``. The
    descriptor is not passed on to programs that are started. Raises ``StoreError``, and
    ``EnvironmentFailed`` where waiting is given up (``giving_up``).
    """
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        handle = _open(path)
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                os.close(handle)
                return None
            if waiting is not None:
                waiting()
                waiting = None
            _wait(handle, how)
        except BaseException:
            os.close(handle)
            raise
        if _is_at(handle, path):
            return handle
        # Removed while we waited: a lock on it would exclude nobody.
        os.close(handle)


def _wait(handle: int, how: int) -> None:
    """Lock a file once it is free; its descriptor is closed where that is given up."""
    try:
        while is_asked():
            with suppress(BlockingIOError):
                fcntl.flock(handle, how | fcntl.LOCK_NB)
                return
            go_on()
            time.sleep(_LOOK_EVERY)
        fcntl.flock(handle, how)
    except BaseException:
        os.close(handle)
        raise


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file alone for the block. Raises as ``take`` does."""
    handle = take(path, shared=False)
    assert handle is not None  # noqa: S101 — it waits
    try:
        yield
    finally:
        os.close(handle)


def share(handle: int) -> None:
    """Turn an exclusive lock into a shared one. Others may get in between the two."""
    fcntl.flock(handle, fcntl.LOCK_SH)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o644)
        except OSError as error:
            raise unusable(path, error) from error
    except OSError as error:
        raise unusable(path, error) from error


def _is_at(handle: int, path: Path) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)
