"""The folder of such a process: its journal, two locks, and the release file that it sends.

One lock is the worker's, one the process's own: as long as either is held, somebody is at it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairlead.util.fs import remove_tree, unusable

JOURNAL, LOCK, RELEASE = "journal", "process", "release"
_WORKER = "worker"
_YOUNG = 60.0
"""Seconds in which a folder without locks may just be being made."""


@contextmanager
def own_folder(home: Path, name: str) -> Iterator[Path]:
    """A folder for one deployment, removed at the end. Raises ``StoreError``.

    Where we are killed it stays, for whoever adopts it.
    """
    path = home / "deployments" / name
    try:
        remove_tree(path)
        path.mkdir(parents=True, mode=0o700)
        handle = os.open(path / _WORKER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        yield path
    finally:
        remove_tree(path)
        os.close(handle)


def left_behind(home: Path) -> Iterator[Path]:
    """Folders whose process and worker have ended."""
    try:
        entries = sorted((home / "deployments").iterdir())
    except OSError:
        return
    yield from (path for path in entries if path.is_dir() and not _held(path))


def _held(path: Path) -> bool:
    locks = [one for name in (LOCK, _WORKER) if (one := path / name).exists()]
    if not locks:
        try:
            return time.time() - path.stat().st_mtime < _YOUNG
        except OSError:
            return True
    return any(_is_locked(lock) for lock in locks)


def _is_locked(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
