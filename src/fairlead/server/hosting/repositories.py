"""Bare repositories below ``<data>/repositories``, one a project, hosted and mirrored alike."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from fairlead.errors import FairleadError, NotFound
from fairlead.server.configuration import Configuration
from fairlead.util.fs import remove_tree, unusable, write_atomic
from fairlead.util.git import git, try_git

HIDDEN = "refs/fairlead/"
"""Refs of our own: nobody sees them in a list, nobody pushes to them."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?")
_CONFIG = f"""\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
[transfer]
\thideRefs = {HIDDEN.rstrip("/")}
[receive]
\tautogc = false
[gc]
\tauto = 2000
\tautoDetach = false
\tpruneExpire = 2.weeks.ago
\twriteCommitGraph = true
[fetch]
\tunpackLimit = 1
"""
# Two weeks: a reader or a push under way may be using what no ref leads to yet.


def folder(told: Configuration, name: str) -> Path:
    """Where a project's repository is, or would be. Raises ``FairleadError`` for no name."""
    if not _NAME.fullmatch(name):
        raise FairleadError(f"{name[:100]!a} is no name of a project")
    return told.data / "repositories" / f"{name}.git"


def existing(told: Configuration, name: str) -> Path:
    """The same, ``NotFound`` where there is none."""
    path = folder(told, name)
    if not is_repository(path):
        raise NotFound(f"the repository of {name} is not on this machine")
    return path


def is_repository(path: Path) -> bool:
    """Whether a bare repository is there."""
    return os.path.isfile(path / "HEAD") and os.path.isdir(path / "objects")


def create(told: Configuration, name: str, *, branch: str = "main") -> Path:
    """An empty repository whose default branch is ``branch``; one that is there is kept.

    It is there whole or not at all, and safe to be called twice at once. Raises ``StoreError``
    where the data folder takes nothing.
    """
    path = folder(told, name)
    ensure(path, branch=branch)
    return path


def ensure(path: Path, *, branch: str = "main") -> None:
    """A repository at ``path``, made where there is none."""
    if not is_repository(path):
        make_bare(path, branch)


def make_bare(path: Path, branch: str) -> None:
    """An empty bare repository at ``path``, made aside and renamed."""
    aside = path.parent / f".new-{uuid4().hex[:12]}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        git("init", "-q", "--bare", "--template=", str(aside), cwd=path.parent)
        (aside / "config").write_text(_CONFIG, "ascii")
        (aside / "HEAD").write_text(f"ref: refs/heads/{branch}\n", "utf-8")
        with _alone_in(path.parent):
            if not is_repository(path):
                _put_away(path)
                os.rename(aside, path)
    except OSError as error:
        if not is_repository(path):
            raise unusable(path, error) from error
    finally:
        remove_tree(aside)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder itself, which leaves no file behind."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put_away(path: Path) -> None:
    """Remove what a git that had outlived its repository has left in its place."""
    aside = path.parent / f".gone-{uuid4().hex[:12]}"
    with suppress(FileNotFoundError):
        os.rename(path, aside)
    remove_tree(aside)


def remove(told: Configuration, name: str) -> None:
    """Remove a repository; nobody finds half of it meanwhile."""
    path = folder(told, name)
    aside = path.parent / f".gone-{uuid4().hex[:12]}"
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(path, error) from error
    remove_tree(aside)


def point_head(path: Path, branch: str) -> None:
    """Have clones check out ``branch`` by default."""
    wanted = f"ref: refs/heads/{branch}\n".encode()
    if (path / "HEAD").read_bytes() != wanted:
        write_atomic(path / "HEAD", wanted)


def size(path: Path) -> int:
    """Bytes of all objects, with those that arrive at this moment."""
    total = 0
    folders = [os.fspath(path / "objects")]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # a push has ended, or git has packed what was there
    return total


def tip(path: Path, ref: str) -> str | None:
    """The object a ref is at, ``None`` where there is no such ref."""
    done = try_git("rev-parse", "--verify", "-q", ref, cwd=path)
    return None if done.code else done.text.strip()
