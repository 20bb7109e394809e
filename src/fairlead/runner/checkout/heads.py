"""The commit that is checked out and where it left the default branch, as they were last time.

Git is asked again when anything has changed that its answer could depend on. Each ref is a file
that git replaces, which changes the time of the folder it is in; or a line of ``packed-refs``.
"""

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec

from fairlead.errors import StoreError
from fairlead.runner.checkout.repository import (
    Commit,
    Repository,
    default_tips,
    merge_base,
    read_commit,
)
from fairlead.util.decoding import from_json
from fairlead.util.digest import sha256
from fairlead.util.errand import Errand
from fairlead.util.fs import write_atomic

_FORMAT = 1
"""To be raised when the same repository is to be understood differently."""
_FILES = ("config", "packed-refs", "shallow", "info/grafts")


class Head(msgspec.Struct, frozen=True):
    """A commit, and the one at which it left the default branch."""

    commit: Commit | None = None
    fork: str | None = None


class _Kept(msgspec.Struct, frozen=True):
    state: str
    head: Head


def read_head(path: Path, revision: str) -> Head:
    """What git says of a revision, from somewhere in its repository."""
    tips = Errand(lambda: default_tips(path))
    commit = read_commit(path, revision)
    return Head(commit, merge_base(path, commit.id, tips.result())) if commit else Head()


def head_of(repository: Repository, path: Path, commit: Commit) -> Head:
    """What git says of a commit, with the default branch as it was in the same state of refs."""
    state = _state(repository)
    tips = _tips(repository.common, state) if state else default_tips(path)
    return Head(commit, merge_base(path, commit.id, tips))


@lru_cache(maxsize=256)
def _tips(common: Path, state: str) -> dict[str, str]:
    del state  # they hold while that is the same
    return default_tips(common)


def current_head(repository: Repository, path: Path, place: Path) -> Head:
    """What git says of ``HEAD``, or said before in the same state. Kept in the file ``place``."""
    state = _state(repository)
    if state:
        with suppress(OSError, msgspec.MsgspecError):
            kept = from_json(place.read_bytes(), _Kept)
            if kept.state == state:
                return kept.head
    head = read_head(path, "HEAD")
    if state:
        with suppress(StoreError, UnicodeEncodeError):
            write_atomic(place, msgspec.json.encode(_Kept(state, head)))
    return head


def _state(repository: Repository) -> str:
    """A digest that changes with the refs; empty where they are kept in another way."""
    common = os.fspath(repository.common)
    if os.path.exists(f"{common}/reftable"):
        return ""
    try:
        seen: list[object] = [_FORMAT, (repository.folder / "HEAD").read_bytes()]
        seen += [_facts(f"{common}/{name}") for name in _FILES]
        folders = [f"{common}/refs"]
        while folders:
            folder = folders.pop()
            seen.append((folder, os.stat(folder).st_mtime_ns))
            with os.scandir(folder) as entries:
                folders += sorted(e.path for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return ""
    return sha256(repr(seen).encode("utf-8", "backslashreplace")).hexdigest()


def _facts(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
