"""What only the repository knows of a ref that moved: the words of its commit, and what changed."""

from pathlib import Path

import msgspec

from fairlead.errors import RepositoryError
from fairlead.server.hosting.commands import git, try_git
from fairlead.server.hosting.objects import loose_commit
from fairlead.triggers.push import RefUpdate
from fairlead.util.errand import Errand
from fairlead.util.proc import Completed

MOST_PATHS = 5000
"""Changed paths that are told; a change of more has every path filter hold."""

_SECONDS = 20.0
_FORM = "--format=%H%x00%an%x00%B"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``commit`` is what the ref stands for; ``changed`` is ``None`` where it cannot be told."""

    commit: str
    message: str = ""
    author: str = ""
    changed: tuple[str, ...] | None = None
    forced: bool = False


def look_up(repository: Path, update: RefUpdate) -> Facts:
    """The facts of a ref that is there: in the time of one git for a small push, else of three.

    Raises ``RepositoryError`` for what is no commit (a tag may stand for any object).
    """
    before, after = update.before, update.after
    if after is None:
        raise RepositoryError(f"{update.ref.name} was deleted")
    known = loose_commit(repository, after)
    if known and (before is None or before in known.parents):
        changed = _changed(repository, before, after) if before else None
        message = known.message.strip()
        return Facts(commit=after, author=known.author, message=message, changed=changed)
    return _ask(repository, before, after)


def _ask(repository: Path, before: str | None, after: str) -> Facts:
    """The same of any commit, by three gits beside one another."""
    behind = Errand(lambda: _left_behind(repository, before, after)) if before else None
    paths = Errand(lambda: _changed(repository, before, after)) if before else None
    words = ("log", "-1", "--no-show-signature", "--encoding=UTF-8", _FORM)
    done = try_git(*words, f"{after}^{{commit}}", "--", repository=repository, seconds=_SECONDS)
    changed = paths.result() if paths else None
    forced = behind.result() if behind else False
    if done.code:
        raise RepositoryError("it is no commit")
    commit, author, message = _fields(done)
    return Facts(
        commit=commit, author=author, message=message.strip(), changed=changed, forced=forced
    )


def _fields(done: Completed) -> tuple[str, str, str]:
    commit, author, message = done.stdout.decode("utf-8", "replace").split("\0", 2)
    return commit, author, message


def _left_behind(repository: Path, before: str, after: str) -> bool:
    """Whether ``before`` is not among the ancestors of ``after``."""
    words = ("merge-base", "--is-ancestor", before, after)
    try:
        return try_git(*words, repository=repository, seconds=_SECONDS).code == 1
    except RepositoryError:
        return False


def _changed(repository: Path, before: str, after: str) -> tuple[str, ...] | None:
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--")
    try:
        data = git(*words, repository=repository, seconds=_SECONDS)
    except RepositoryError:
        return None
    names = data.split(b"\0")[:-1]
    if len(names) > MOST_PATHS:
        return None
    return tuple(name.decode("utf-8", "backslashreplace") for name in names)
