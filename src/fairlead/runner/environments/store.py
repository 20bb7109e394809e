"""Folders that are whole or absent, by key: built aside, renamed into place, never changed after.

Layout below the store's folder: ``<key>/`` the finished folders, ``.locks/<key>`` their locks
(shared by users, exclusive for a builder or remover; its time is the last use), ``.build-*/``
unfinished ones, each with a ``lock`` that its builder and the builder's programs hold, and
``.gone-*/`` those being removed. What a killed process leaves is swept by the next builder.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import msgspec

from fairlead.errors import StoreError
from fairlead.runner.environments import locks
from fairlead.util.fs import remove_tree, unusable

_BUILD, _GONE = ".build-", ".gone-"


class Aside(msgspec.Struct, frozen=True):
    """A folder to build in.

    ``lock`` is a descriptor to pass on to programs that work in it: as long as one of them
    lives, nobody sweeps the folder.
    """

    folder: Path
    lock: int

    @property
    def content(self) -> Path:
        """What is published: absent until somebody makes it."""
        return self.folder / "content"


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A stored folder, when it was last used (Unix seconds) and whether it is in use now."""

    key: str
    path: Path
    used: float
    in_use: bool


class Store:
    """A folder of such folders. All methods raise ``StoreError`` where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks = folder / ".locks"

    def path(self, key: str) -> Path:
        """Where the folder of a key is, or would be."""
        return self.folder / key

    def hold(self, key: str, waiting: Callable[[], None] | None = None) -> int | None:
        """Keep a stored folder from being removed until the returned descriptor is closed.

        ``None`` where there is no such folder. Waits for one that is being built just now.
        """
        if not self.path(key).exists() and not (self._locks / key).exists():
            return None
        handle = locks.take(self._locks / key, shared=True, waiting=waiting)
        if handle is None or not self.path(key).exists():
            if handle is not None:
                os.close(handle)
            return None
        with suppress(OSError):
            os.utime(handle)
        return handle

    def ensure(
        self, key: str, make: Callable[[Aside], None], waiting: Callable[[], None] | None = None
    ) -> tuple[int, bool]:
        """Hold the folder of ``key``, made by ``make`` if it is absent; whether it was made.

        ``make`` fills ``content``. Of several callers, in whatever processes, one makes it and
        the others wait. What ``make`` raises is passed on, and nothing is left.
        """
        while True:
            if (handle := self.hold(key, waiting)) is not None:
                return handle, False
            # Never wait for this one: who built it meanwhile shares it, perhaps for hours.
            handle = locks.take(self._locks / key, shared=False, wait=False)
            if handle is None:
                continue
            try:
                made = not self.path(key).exists()
                if made:
                    self._make(key, make)
                locks.share(handle)
                if self.path(key).exists():
                    return handle, made
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _make(self, key: str, make: Callable[[Aside], None]) -> None:
        with self.aside() as aside:
            make(aside)
            self.publish(aside, key)

    def publish(self, aside: Aside, key: str) -> None:
        """Rename what was made into place; where it is there already, that one stays."""
        try:
            os.rename(aside.content, self.path(key))
        except OSError as error:
            if not self.path(key).exists():
                raise unusable(self.path(key), error) from error

    @contextmanager
    def aside(self) -> Iterator[Aside]:
        """A folder to build in, removed at the end with what is still in it."""
        folder = self.folder / f"{_BUILD}{os.getpid()}-{uuid4().hex[:8]}"
        try:
            leftovers, handle = self._begin(folder)
        except OSError as error:
            raise unusable(folder, error) from error
        try:
            _remove_all(leftovers)
            yield Aside(folder, handle)
        finally:
            with suppress(OSError):
                remove_tree(folder)
            os.close(handle)

    def _begin(self, folder: Path) -> tuple[list[Path], int]:
        """Make a build folder and take its lock, with nobody sweeping in between."""
        general = locks.take(self._locks / ".sweep", shared=False)
        assert general is not None  # noqa: S101 — it waits
        try:
            leftovers = self._set_aside()
            folder.mkdir()
            handle = locks.take(folder / "lock", shared=True)
            assert handle is not None  # noqa: S101
            return leftovers, handle
        finally:
            os.close(general)

    def _set_aside(self) -> list[Path]:
        """Rename what dead builders left, so that only one caller removes it."""
        found = []
        for entry in os.scandir(self.folder):
            path = Path(entry.path)
            if entry.name.startswith(_GONE):
                found.append(path)
            elif entry.name.startswith(_BUILD) and _abandoned(path):
                found.append(_renamed(path))
        return found

    def entries(self) -> tuple[Used, ...]:
        """All stored folders, least recently used first."""
        try:
            names = [name for name in os.listdir(self.folder) if not name.startswith(".")]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unusable(self.folder, error) from error
        return tuple(sorted(map(self._used, names), key=lambda one: (one.used, one.key)))

    def _used(self, key: str) -> Used:
        lock, path = self._locks / key, self.path(key)
        times = [_time(place) for place in (lock, path)]
        return Used(key=key, path=path, used=times[0] or times[1], in_use=_is_held(lock))

    def remove(self, key: str, *, unused_since: float | None = None) -> bool:
        """Remove a folder unless somebody uses it, or has used it after ``unused_since``."""
        handle = locks.take(self._locks / key, shared=False, wait=False)
        if handle is None:
            return False
        try:
            if not self.path(key).exists():
                return False
            if unused_since is not None and self._last_use(key) > unused_since:
                return False
            gone = _renamed(self.path(key))
            (self._locks / key).unlink(missing_ok=True)
        except OSError as error:
            raise unusable(self.path(key), error) from error
        finally:
            os.close(handle)
        _remove_all([gone])
        return True

    def _last_use(self, key: str) -> float:
        return _time(self._locks / key) or _time(self.path(key))

    def sweep(self) -> None:
        """Remove what killed processes left."""
        if not self.folder.exists():
            return
        with self.aside():
            pass


def _abandoned(folder: Path) -> bool:
    """Whether no builder holds a build folder. The caller keeps new ones from being made."""
    if not (folder / "lock").exists():
        return True
    return not _is_held(folder / "lock")


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        handle = locks.take(lock, shared=False, wait=False)
    except StoreError:
        return False
    if handle is not None:
        os.close(handle)
    return handle is None


def _renamed(path: Path) -> Path:
    gone = path.parent / f"{_GONE}{uuid4().hex}"
    os.rename(path, gone)
    return gone


def _remove_all(paths: list[Path]) -> None:
    # Another process may be at the same leftovers; whoever is last finishes them.
    for path in paths:
        with suppress(OSError):
            remove_tree(path)


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
