"""Bare copies of remote repositories, fetched when a remote is looked at or a build needs it."""

from contextlib import AbstractContextManager
from pathlib import Path

from fairlead.errors import RepositoryError
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import hidden, housekeeping, repositories
from fairlead.server.hosting.commands import git, try_git
from fairlead.server.hosting.objects import has_object
from fairlead.server.hosting.remotes import Remote, remote
from fairlead.triggers.refs import commit_id, parse_ref
from fairlead.util.fs import locked

SECONDS = 1800.0
"""The longest fetch; the first one brings everything."""

_ALL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_MINE = ("refs/heads/", "refs/tags/")


def refresh(told: Configuration, project_name: str, url: str) -> dict[str, str]:
    """Look at a remote; its branches and tags: full name to the id of the commit.

    What was removed there is removed here, too. One look at a time for each project. Raises
    ``FairleadError`` where the remote cannot be reached or does not want us.
    """
    path = repositories.folder(told, project_name)
    source = remote(url, told.mirror_protocols)
    with _alone(path):
        repositories.ensure(path)
        fetch(path, source)
        return commits(path)


def bring(told: Configuration, name: str, url: str, ref: str, commit: str) -> Path:
    """The mirror's folder with a commit in it, fetched where it is not there yet.

    ``ref`` is what leads to it at the remote, such as ``refs/pull/3/head``. Raises
    ``RepositoryError`` where it is not there (any more).
    """
    path = repositories.folder(told, name)
    if _has(path, commit_id(commit)):
        return path
    source = remote(url, told.mirror_protocols)
    with _alone(path):
        repositories.ensure(path)
        if not has_object(path, commit):
            _bring(path, source, ref, commit)
    return path


def fetch(path: Path, source: Remote, *more: str) -> None:
    """Fetch all branches and tags, and ``more``. What branches were forced from stays a while."""
    before = commits(path)
    words = ("fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head")
    ours = ("--no-auto-gc", "--no-recurse-submodules", "--refmap=", "--end-of-options")
    env = source.env
    git(*words, *ours, source.url, *_ALL, *more, repository=path, env=env, seconds=SECONDS)
    after = commits(path)
    if before != after:
        hidden.keep_lost(path, [c for name, c in before.items() if after.get(name) != c])
        housekeeping.tidy(path)


def fetch_commit(path: Path, source: Remote, commit: str) -> str:
    """Fetch one commit that no branch leads to, and keep it; git's words where that failed."""
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc")
    env = source.env
    done = try_git(
        *words, "--refmap=", source.url, commit, repository=path, env=env, seconds=SECONDS
    )
    if has_object(path, commit):
        hidden.keep_lost(path, [commit])
        return ""
    return done.stderr.decode("utf-8", "replace").strip() or "it is not there"


def commits(path: Path) -> dict[str, str]:
    """Branches and tags: full name to commit."""
    form = "--format=%(objectname) %(*objectname) %(refname)"
    rows = git("for-each-ref", form, *_MINE, repository=path).decode("utf-8", "replace")
    found = (row.split(" ", 2) for row in rows.splitlines())
    return {name: inner or outer for outer, inner, name in found}


def _bring(path: Path, source: Remote, ref: str, commit: str) -> None:
    others = [parse_ref(ref).full] if ref and not ref.startswith(_MINE) else []
    try:
        fetch(path, source, *others)
    except RepositoryError:
        if not others:
            raise
        # The pull request's ref may be gone while its branch is still there.
        fetch(path, source)
    if has_object(path, commit):
        hidden.keep_lost(path, [commit])
    elif fetch_commit(path, source, commit):
        raise RepositoryError(
            f"commit {commit[:12]} is not at {source.url} (any more)",
            hint="a branch was forced away from it or deleted; build what is there now",
        )


def _has(path: Path, commit: str) -> bool:
    return repositories.is_repository(path) and has_object(path, commit)


def _alone(path: Path) -> AbstractContextManager[None]:
    return locked(path.parent / f".{path.name}.lock")
