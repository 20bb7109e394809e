"""Files that are whole or absent: written aside and renamed; locks that die with their holder."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from fairlead.errors import StoreError

_FIXED = frozenset({".fairlead", "fairlead.yml", "secrets"})
"""Parts of paths that do not lie in Fairlead's home, and are where they must be."""

_CHANGEABLE = stat.S_IWUSR | stat.S_IXUSR
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old bytes or all of the new ones."""
    aside = path.parent / f".{path.name}.{uuid4().hex[:8]}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), mode)
            os.replace(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: OSError) -> StoreError:
    """The error to show when one of our own folders refuses us."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = "free some space there" if full else "make it writable for you"
    fixed = _FIXED.intersection(path.parts)
    elsewhere = "" if fixed else ", or name another folder with FAIRLEAD_HOME"
    return StoreError(f"cannot write {path}: {error.strerror or error}", hint=what + elsewhere)


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
    """Remove a folder whatever the modes inside it are; absent is fine. Follows no link.

    As ``shutil.rmtree`` does it, by descriptors; importing that module costs every run more.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            _remove_folder(os.fspath(path), None)
        else:
            os.unlink(path)


def _remove_folder(name: str, parent: int | None) -> None:
    try:
        handle = os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
        handle = os.open(name, _FOLDER, dir_fd=parent)
    try:
        with os.scandir(handle) as entries:
            inside = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        if os.fstat(handle).st_mode & _CHANGEABLE != _CHANGEABLE:
            os.fchmod(handle, stat.S_IRWXU)
        for entry, folder in inside:
            if folder:
                _remove_folder(entry, handle)
            else:
                os.unlink(entry, dir_fd=handle)
    finally:
        os.close(handle)
    os.rmdir(name, dir_fd=parent)
