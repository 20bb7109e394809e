"""Refs that nobody is shown: they keep alive what a build needs and no branch leads to.

``refs/fairlead/pending/<day>-<id>`` is a push to a protected branch whose build is not over;
``refs/fairlead/kept/<day>-<commit>`` what a branch was at before it was forced back or deleted,
so that its builds can be repeated for a while.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from fairlead.server.hosting.commands import git
from fairlead.server.hosting.repositories import HIDDEN
from fairlead.util.fs import unusable

KEPT_DAYS = 90
_PENDING_DAYS = 2
_MOST = 1000
"""Commits of one push that are kept."""

# A pack may be looked into as soon as its index is there.
_LAST = {".idx": 2, ".rev": 1}


def hold_pending(
    repository: Path, quarantine: Path | None, commits: Sequence[str]
) -> tuple[str, ...]:
    """Let builds see the objects of a push that is not accepted; returns the refs that do so.

    Files are linked, not copied. Git prunes them in its time where the push is rejected.
    """
    try:
        if quarantine:
            _link(quarantine, repository / "objects")
    except OSError as error:
        raise unusable(repository, error) from error
    today = datetime.now(UTC)
    names = [f"{HIDDEN}pending/{today:%Y%m%d}-{uuid4().hex}" for _ in commits]
    _update(repository, (f"create {n} {c}" for n, c in zip(names, commits, strict=True)))
    return tuple(names)


def release(repository: Path, refs: Iterable[str]) -> None:
    """Remove hidden refs; those that are gone are fine."""
    _update(repository, (f"delete {name}" for name in refs))


def keep_lost(repository: Path, commits: Sequence[str]) -> tuple[str, ...]:
    """Keep those of ``commits`` alive that no branch or tag leads to any more; returns them."""
    lost = _lost(repository, commits[:_MOST])
    today = datetime.now(UTC)
    _update(repository, (f"update {HIDDEN}kept/{today:%Y%m%d}-{c} {c}" for c in lost))
    return lost


def any_left(repository: Path) -> bool:
    """Whether there are hidden refs, or may be: quicker than to ask git for them."""
    folder = repository / HIDDEN
    if any(path.is_file() for path in folder.rglob("*")):
        return True
    try:
        return HIDDEN.encode() in (repository / "packed-refs").read_bytes()
    except FileNotFoundError:
        return False


def expire(repository: Path, *, now: datetime | None = None) -> int:
    """Remove hidden refs that are old enough; returns how many."""
    now = now or datetime.now(UTC)
    old = [
        name
        for kind, days in (("kept", KEPT_DAYS), ("pending", _PENDING_DAYS))
        for name in _listed(repository, kind)
        if name.rpartition("/")[2] < f"{now - timedelta(days=days):%Y%m%d}"
    ]
    release(repository, old)
    return len(old)


def _listed(repository: Path, kind: str) -> list[str]:
    pattern = ("--format=%(refname)", f"{HIDDEN}{kind}/")
    return git("for-each-ref", *pattern, repository=repository).decode().split()


def _lost(repository: Path, commits: Sequence[str]) -> tuple[str, ...]:
    if not commits:
        return ()
    words = ("rev-list", "--ignore-missing", "--stdin", "--not", "--branches", "--tags")
    given = "".join(f"{commit}\n" for commit in commits).encode()
    unreached = set(git(*words, repository=repository, data=given).decode().split())
    return tuple(dict.fromkeys(commit for commit in commits if commit in unreached))


def _update(repository: Path, commands: Iterable[str]) -> None:
    if text := "".join(f"{command}\n" for command in commands):
        git("update-ref", "--stdin", repository=repository, data=text.encode())


def _link(source: Path, target: Path) -> None:
    """Give all files below ``source`` a second name below ``target``."""
    for place, _folders, names in os.walk(source):
        ours = target / os.path.relpath(place, source)
        ours.mkdir(exist_ok=True)
        for name in sorted(names, key=lambda n: (_LAST.get(n[-4:], 0), n)):
            # A lock of git's own on a pack that is about to be moved.
            if not name.endswith(".keep"):
                with suppress(FileExistsError):
                    os.link(f"{place}/{name}", ours / name)
