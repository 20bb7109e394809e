"""Brings a build's commit to the worker that runs it: it is at hand, or is fetched."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.errors import FairleadError, NotFound, RepositoryError
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import mirrors, repositories
from fairlead.server.hosting.objects import has_object
from fairlead.server.hosting.remotes import Remote, ours
from fairlead.server.links import base_url
from fairlead.server.pausing import pause
from fairlead.settings import load_settings
from fairlead.util.digest import sha256
from fairlead.util.fs import locked

if TYPE_CHECKING:
    from fairlead.server.store.models import Build

_PATIENCE = 300.0
"""Seconds for which a web node may be away."""

_LONGEST_PAUSE = 10.0
_GONE = ("not our ref", "Server does not allow request for unadvertised")
_FINAL = (
    ("Authentication failed", "does not take this worker's token"),
    ("could not read Username", "does not take this worker's token"),
    ("returned error: 403", "does not let this worker in"),
    ("not found", "has no such repository"),
)


def make_locate(told: Configuration) -> Callable[["Build"], Path]:
    """A function from a build to the folder of a bare repository that has its commit.

    Where the data folder is at hand it takes no process and less than a millisecond, unless a
    mirror must fetch first. Elsewhere, with a worker's token, commits come over HTTP from the
    web node, and are kept in the worker's own cache. It raises ``FairleadError``, in a sentence
    for people, where the commit cannot be had.
    """

    def locate(build: "Build") -> Path:
        path = repositories.folder(told, build.project.name)
        mirrored = build.project.kind == "mirrored"
        if _at_hand(path, build.commit):
            return path
        if told.worker_token and told.url and not repositories.is_repository(path):
            return _from_web(told, build)
        if mirrored and build.project.url:
            ref = build.read_trigger().ref
            return mirrors.bring(told, build.project.name, build.project.url, ref, build.commit)
        if not repositories.is_repository(path):
            raise NotFound(
                f"the repository of {build.project.name} is not on this machine",
                hint="a worker on another host needs FAIRLEAD_URL and FAIRLEAD_WORKER_TOKEN",
            )
        raise _gone(build)

    return locate


def _at_hand(path: Path, commit: str) -> bool:
    try:
        return repositories.is_repository(path) and has_object(path, commit)
    except ValueError:
        return False


def _from_web(told: Configuration, build: "Build") -> Path:
    url = f"{base_url(told)}/git/{build.project.name}.git"
    home = load_settings(os.environ).home / "mirrors" / sha256(url.encode()).hexdigest()[:12]
    path = home / f"{build.project.name}.git"
    if _at_hand(path, build.commit):
        return path
    with locked(home / "lock"):
        repositories.ensure(path)
        if not has_object(path, build.commit):
            _fetch(path, ours(url, told.worker_token, build.pk), build)
    return path


def _fetch(path: Path, source: Remote, build: "Build") -> None:
    """Fetch until it is there; a web node may be starting anew."""
    end = time.monotonic() + _PATIENCE
    rest = 0.5
    while True:
        said = _try(path, source, build.commit)
        if not said:
            return
        if any(words in said for words in _GONE):
            raise _gone(build)
        if what := next((what for words, what in _FINAL if words in said), ""):
            raise RepositoryError(f"{source.url}: the web node {what}")
        if time.monotonic() > end:
            raise RepositoryError(f"{source.url} cannot be reached: {said}")
        pause(rest)
        rest = min(2 * rest, _LONGEST_PAUSE)


def _try(path: Path, source: Remote, commit: str) -> str:
    """Fetch once; what went wrong, empty for nothing."""
    try:
        mirrors.fetch(path, source)
    except RepositoryError as error:
        return error.message
    return "" if has_object(path, commit) else mirrors.fetch_commit(path, source, commit)


def _gone(build: "Build") -> FairleadError:
    return RepositoryError(
        f"commit {build.commit[:12]} is not in the repository of {build.project.name} (any more)",
        hint="its push was rejected, or a branch was forced away from it long ago",
    )
