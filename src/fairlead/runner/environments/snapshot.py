"""What building a project leaves in its folder: egg-info, built modules, version files."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fairlead.runner.environments.requirements import LocalProject
from fairlead.util.fs import remove_tree

_PASSED_OVER = {".git", "__pycache__", ".hg", "node_modules"}

Snapshot = dict[str, tuple[int, int]]
"""Time (nanoseconds) and size of every file by its path below the folder."""


def take_snapshot(folder: Path) -> Snapshot:
    """Look at all files below a folder, without repositories and byte code."""
    found: Snapshot = {}
    waiting = [str(folder)]
    start = len(str(folder)) + 1
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _PASSED_OVER:
                    waiting.append(entry.path)
            else:
                stat = entry.stat(follow_symlinks=False)
                found[entry.path[start:]] = (stat.st_mtime_ns, stat.st_size)
    return found


def changed(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Paths that are new or different."""
    return tuple(sorted(path for path, state in after.items() if before.get(path) != state))


@contextmanager
def removing_new_files(folder: Path, projects: Iterable[LocalProject]) -> Iterator[None]:
    """Take away what asking a project's build for its dependencies left in ``folder``.

    A job must find its workspace the same whether its requirements were resolved just now or
    known from before.
    """
    if not tuple(projects):
        yield
        return
    before = take_snapshot(folder)
    known = {""} | {part for path in before for part in _above(path)}
    try:
        yield
    finally:
        for path in changed(before, take_snapshot(folder)):
            if path not in before:
                _remove_with_parents(folder, path, known)


def _remove_with_parents(folder: Path, path: str, known: set[str]) -> None:
    """Remove a file, and with it the folders that were not there before either."""
    while (above := os.path.dirname(path)) not in known:
        path = above
    remove_tree(folder / path)


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, up to the empty one."""
    while path:
        path = os.path.dirname(path)
        yield path
