"""Files a job left in its workspace, found by globs; links never lead out of it."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from fairlead.util.fs import unusable


def matching(workspace: Path, globs: Iterable[str]) -> tuple[str, ...]:
    """Regular files inside ``workspace`` that match, relative, sorted, each once.

    A glob that names a folder stands for all files below it. What a link leads to outside of
    the workspace is left out: a job must not make us read the host's files.
    """
    root = workspace.resolve()
    found: set[str] = set()
    for glob in globs:
        if glob.startswith("/") or ".." in glob.split("/"):
            continue
        for path in workspace.glob(glob.rstrip("/")):
            below = path.rglob("*") if path.is_dir() else (path,)
            found.update(str(p.relative_to(workspace)) for p in below if _inside(p, root))
    return tuple(sorted(found))


def _inside(path: Path, root: Path) -> bool:
    try:
        real = path.resolve(strict=True)
        return real.is_relative_to(root) and stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError):
        return False


def keep_artifacts(workspace: Path, names: Iterable[str], folder: Path) -> tuple[str, ...]:
    """Copy files to ``folder``; returns their names. Raises ``StoreError``."""
    kept = []
    for name in names:
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(workspace / name, target)
        except OSError as error:
            raise unusable(target, error) from error
        kept.append(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return tuple(kept)


def read_limited(path: Path, limit: int) -> bytes:
    """A file's bytes, at most ``limit`` + 1 of them, so that a reader can tell it is too large."""
    with path.open("rb") as file:
        return file.read(limit + 1)
