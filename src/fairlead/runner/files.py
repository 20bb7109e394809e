"""Files a job left in its workspace, found by globs; links never lead out of it."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from fairlead.util.fs import unusable
from fairlead.util.globs import selects


def matching(workspace: Path, globs: Iterable[str]) -> tuple[str, ...]:
    """Regular files inside ``workspace`` that match, relative, sorted, each once.

    A glob that names a folder stands for all files below it. Folders that are links are not
    entered, and a link to a file counts only where that file lies in the workspace: a job must
    not make us read the host's files.
    """
    wanted = [glob.removeprefix("./").rstrip("/") for glob in globs]
    wanted += [f"{glob}/**" for glob in wanted]
    if not wanted:
        return ()
    root = workspace.resolve()
    names = (name for name in _walk(workspace) if selects(wanted, name))
    return tuple(sorted(name for name in names if _inside(workspace / name, root)))


def _walk(workspace: Path) -> Iterable[str]:
    """All paths that are no folders, relative, without git's own."""
    for folder, folders, files in os.walk(workspace):
        if Path(folder) == workspace and ".git" in folders:
            folders.remove(".git")
        below = os.path.relpath(folder, workspace)
        yield from (name if below == "." else f"{below}/{name}" for name in files)


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
        import shutil

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


def read_inside(workspace: Path, name: str, limit: int) -> bytes | None:
    """The bytes of one file that lies in the workspace, ``None`` for any other."""
    path = workspace / name
    if not _inside(path, workspace.resolve()):
        return None
    return read_limited(path, limit)
