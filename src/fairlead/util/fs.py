"""Files that are whole or absent: written aside and renamed; locks that die with their holder."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fairlead.errors import StoreError


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old bytes or all of the new ones."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(aside, mode)
            os.replace(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: OSError) -> StoreError:
    """The error to show when one of our own folders refuses us."""
    return StoreError(
        f"cannot write {path}: {error.strerror or error}",
        hint="free some space there, or name another folder with FAIRLEAD_HOME",
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file ``path``; the kernel frees it when its holder dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove_tree(path: Path) -> None:
    """Remove a folder whatever the modes inside it are; absent is fine."""
    if not path.exists() and not path.is_symlink():
        return

    def unlock(function: Callable[[str], object], name: str, _error: object) -> None:
        for place in (os.path.dirname(name), name):
            if not os.path.islink(place):
                os.chmod(place, stat.S_IRWXU)
        function(name)

    shutil.rmtree(path, onerror=unlock)
