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


def write_fresh(path: Path, text: str) -> None:
    """Write a new file where a job may have left one, or a link to one of ours."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with open(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def read_limited(path: Path, limit: int) -> bytes:
    """A file's bytes, at most ``limit`` + 1 of them, so that a reader can tell it is too large."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def read_end(folder: Path, name: str, limit: int) -> bytes:
    """The last bytes of one regular file that lies in a folder of a job's, nothing of any other."""
    path = folder / name
    if not _inside(path, folder.resolve()):
        return b""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - limit))
        return file.read(limit)


def read_inside(folder: Path, name: str, limit: int) -> bytes | None:
    """The bytes of one regular file that lies in a folder of a job's, ``None`` for any other.

    As many as ``read_limited`` gives.
    """
    path = folder / name
    if not _inside(path, folder.resolve()):
        return None
    return read_limited(path, limit)
