"""Where finished logs lie: a folder here, anything that reads ranges elsewhere."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import uuid4

from fairlead.errors import StoreError
from fairlead.server.logs.errors import LogMissing
from fairlead.util.fs import unusable

_ASIDE = ".aside-"
_LEAST_FREE = 16 << 20  # bytes
_ELSEWHERE = "make it writable for you, or name another place with FAIRLEAD_STORAGE"


class Storage(Protocol):
    """Files by name (relative, ``/`` between the parts), each whole or absent."""

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Store a file, safe from a power cut on return; its size. An older one is replaced.

        Where this fails, or ``pieces`` does, what was there before stays. Raises ``StoreError``.
        """
        ...

    def read(self, name: str, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset`` on. Raises ``LogMissing`` and ``StoreError``."""
        ...

    def size(self, name: str) -> int:
        """The size of a file. Raises ``LogMissing`` and ``StoreError``."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; absent is fine."""
        ...


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a stored file's name. Raises ``StoreError`` for one that leads elsewhere."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\0" in name or ".." in parts:
        raise StoreError(f"not a name of a stored file: {name!r}")
    return parts


class FolderStorage:
    """A ``Storage`` in a folder; files are written aside and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Store a file through another one beside it."""
        path = self._path(name)
        aside = path.parent / f"{_ASIDE}{uuid4().hex}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                size = _write_through(aside, pieces)
                os.replace(aside, path)
            except BaseException:
                aside.unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)
        except OSError as error:
            raise unusable(path, error) from error
        return size

    def read(self, name: str, offset: int, size: int) -> bytes:
        """Read a range."""
        try:
            handle = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                return os.pread(handle, size, offset)
            finally:
                os.close(handle)
        except OSError as error:
            raise _unreadable(name, error) from error

    def size(self, name: str) -> int:
        """Ask the file system."""
        try:
            return self._path(name).stat().st_size
        except OSError as error:
            raise _unreadable(name, error) from error

    def remove(self, name: str) -> None:
        """Remove a file, not its folder."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise unusable(self._path(name), error) from error

    def sweep(self, before: float) -> int:
        """Remove what writers that were killed left beside; how many files.

        Only those last written to before ``before`` (Unix seconds): others may be at it still.
        """
        count = 0
        for path in self._root.rglob(f"{_ASIDE}*"):
            with suppress(FileNotFoundError):  # its writer has just ended
                if path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count

    def make(self) -> None:
        """Make the folder. Raises ``StoreError`` where it cannot be made or written to."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make {self._root}: {error.strerror}", hint=_ELSEWHERE
            ) from error
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise StoreError(f"cannot write {self._root}", hint=_ELSEWHERE)

    def check(self) -> None:
        """Raise ``StoreError`` where nothing could be stored: no folder, no right, no space."""
        self.make()
        free = os.statvfs(self._root)
        if free.f_bavail * free.f_frsize < _LEAST_FREE:
            raise StoreError(f"the disk of {self._root} is full", hint="free some space there")

    def _path(self, name: str) -> Path:
        return self._root.joinpath(*parts_of(name))


def _write_through(path: Path, pieces: Iterable[bytes]) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(handle)
        return file.tell()


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unreadable(name: str, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return LogMissing(f"there is no stored file {name}")
    return StoreError(f"cannot read the stored file {name}: {error.strerror or error}")
