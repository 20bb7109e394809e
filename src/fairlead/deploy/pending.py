"""Commits that are not live yet, as the repository here knows them."""

from pathlib import Path

import msgspec

from fairlead.model.environment import Environment
from fairlead.util.git import try_git

_MOST = 1000
_FIELDS = 4


class Commit(msgspec.Struct, frozen=True):
    """A commit: its full id, its time in Unix seconds, who wrote it, and its first line."""

    id: str
    time: int
    author: str
    subject: str


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What would go live from ``branch``: ``commits`` newest first, a thousand at most.

    ``missing`` are the commits that are live and not on that branch; ``unknown`` says that the
    live commit is not in this repository.
    """

    live: str
    branch: str
    commits: tuple[Commit, ...] = ()
    missing: int = 0
    unknown: bool = False


def pending_commits(root: Path, live: str, branch: str) -> Pending:
    """The commits between what is live and a branch (or any revision) of the repository."""
    if not _there(root, live) or not _there(root, branch):
        return Pending(live=live, branch=branch, unknown=True)
    listed = _git(
        root, "log", f"-{_MOST}", "-z", "--format=%H%x1f%ct%x1f%an%x1f%s", f"{live}..{branch}", "--"
    )
    missing = _git(root, "rev-list", "--count", f"{branch}..{live}", "--")
    commits = (entry.split("\x1f", _FIELDS - 1) for entry in listed.split("\0"))
    return Pending(
        live=live,
        branch=branch,
        commits=tuple(
            Commit(parts[0], int(parts[1]), parts[2], parts[3])
            for parts in commits
            if len(parts) == _FIELDS
        ),
        missing=int(missing) if missing.strip().isdecimal() else 0,
    )


def branch_of(environment: Environment, root: Path) -> str:
    """Where the next release comes from: the first branch of its rule that is here, else HEAD."""
    for branch in environment.branches:
        if not set(branch) & set("*?[") and _there(root, f"refs/heads/{branch}"):
            return branch
    return "HEAD"


def _there(root: Path, revision: str) -> bool:
    name = f"{revision}^{{commit}}"
    done = try_git("rev-parse", "--verify", "--quiet", "--end-of-options", name, cwd=root)
    return done.code == 0


def _git(root: Path, *args: str) -> str:
    done = try_git(*args, cwd=root)
    return done.stdout.decode("utf-8", "replace") if done.code == 0 else ""
