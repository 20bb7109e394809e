"""Which commits wait for their deployment: those of a branch that what is live does not hold."""

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import repositories
from fairlead.server.hosting.commands import try_git
from fairlead.server.store.models import Project

MOST = 100
"""Commits that are counted."""

_SECONDS = 5.0


class Commit(msgspec.Struct, frozen=True):
    """``subject`` is the first line of its message."""

    id: str
    subject: str
    author: str


class Pending(msgspec.Struct, frozen=True):
    """The newest first; ``more`` says that there are more than ``MOST``."""

    branch: str
    commits: tuple[Commit, ...]
    more: bool = False


def pending(told: Configuration, project: Project, live: str, branch: str) -> Pending | None:
    """``None`` where that cannot be told: no repository here, no such commit or branch."""
    if not live or not branch:
        return None
    path = repositories.folder(told, project.name)
    if not repositories.is_repository(path):
        return None
    words = (f"--max-count={MOST + 1}", "--format=%H%x1f%s%x1f%an", "-z", "--encoding=UTF-8")
    what = (f"^{live}", f"refs/heads/{branch}", "--")
    try:
        done = try_git(
            "log", "--no-show-signature", *words, *what, repository=path, seconds=_SECONDS
        )
    except FairleadError:
        return None
    if done.code:
        return None
    lines = done.stdout.decode("utf-8", "replace").split("\0")
    found = [_commit(line) for line in lines if line]
    return Pending(branch, tuple(found[:MOST]), more=len(found) > MOST)


def _commit(line: str) -> Commit:
    commit, subject, author = (*line.split("\x1f"), "", "")[:3]
    return Commit(commit, subject, author)
