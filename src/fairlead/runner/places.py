"""Folders of runs under way: each held by a lock, so that those of dead runs can be told."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from fairlead.util.fs import remove_tree, unusable


@contextmanager
def working_folder(home: Path) -> Iterator[Path]:
    """A folder of its own for one run, removed at its end; leftovers of killed runs go first.

    Raises ``StoreError`` where it cannot be made.
    """
    parent = home / "work"
    folder = parent / uuid4().hex[:12]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        folder.mkdir(mode=0o755)
        handle = _locked(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        yield folder
    finally:
        remove_tree(folder)
        os.close(handle)


def _locked(folder: Path) -> int:
    """The lock of a new folder, held before it bears its name.

    Between making and taking it, another run would find a lock that nobody holds.
    """
    handle = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.rename(folder / "new", folder / "lock")
    return handle


def _sweep(parent: Path) -> None:
    for entry in list(os.scandir(parent)):
        if entry.is_dir(follow_symlinks=False) and _abandoned(Path(entry.path)):
            remove_tree(Path(entry.path))


def _abandoned(folder: Path) -> bool:
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # Just being made, or half removed: only an old one is nobody's.
        return _age(folder) > 60  # noqa: PLR2004 — seconds
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _age(folder: Path) -> float:
    import time

    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0
