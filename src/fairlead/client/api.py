"""The server's API, one method a question."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from fairlead.client.http import Connection
from fairlead.client.values import (
    Artifact,
    Build,
    BuildOrder,
    Job,
    Me,
    StreamAddress,
    TestCase,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import httpx

T = TypeVar("T")

_ROOT = "/api/v1"
_MOST = 200
_BAD = ("failed", "errored")


class _Page(msgspec.Struct, Generic[T], frozen=True):
    items: tuple[T, ...]
    next: str | None = None


class Api:
    """Questions to one server. All methods raise the errors of this package."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def base(self) -> str:
        """The server's address."""
        return self.connection.base

    def me(self) -> Me:
        """Who we are to the server."""
        return self.connection.get(f"{_ROOT}/me", Me)

    def builds(
        self,
        *,
        project: str | None = None,
        branch: str | None = None,
        state: str | None = None,
        most: int = 20,
    ) -> Iterator[Build]:
        """Builds, newest first."""
        query = {"project": project, "branch": branch, "state": state, "limit": min(most, _MOST)}
        return self._listed(f"{_ROOT}/builds", Build, query, most)

    def check_project(self, name: str) -> None:
        """Raises ``ServerRefused`` where there is no such project, or none that we may see."""
        self.connection.get(_project(name), msgspec.Raw)

    def build(self, project: str, number: int) -> Build:
        """A build with its jobs."""
        return self.connection.get(_build(project, number), Build)

    def build_changed(self, project: str, number: int, tag: str) -> tuple[Build | None, str]:
        """A build and its tag, or ``None`` where nothing changed since ``tag``."""
        return self.connection.get_changed(_build(project, number), Build, tag)

    def trigger(self, project: str, wish: Mapping[str, object]) -> Build:
        """Start a build: ``branch``, ``tag`` or ``commit``, ``parameters``, ``jobs`` and so on."""
        return self.connection.post(f"{_project(project)}/builds", Build, wish)

    def cancel(self, build: Build, reason: str = "") -> None:
        """Cancel a build."""
        body = {"reason": reason} if reason else {}
        self.connection.post(f"{_build_of(build)}/cancel", msgspec.Raw, body)

    def retry(self, build: Build, *, failed: bool, jobs: Sequence[str]) -> Build:
        """Build the same commit again; returns the new build."""
        body = {"failed": failed, "jobs": list(jobs)}
        return self.connection.post(f"{_build_of(build)}/retry", Build, body)

    def job(self, build: Build, place: int) -> Job:
        """One job."""
        return self.connection.get(_job(build, place), Job)

    def failing_tests(
        self, build: Build, place: int, attempt: int, *, after: int = 0
    ) -> Iterator[TestCase]:
        """Tests of an attempt that failed or errored, those after the one with that id."""
        query = {"outcome": _BAD, "attempt": attempt, "after": after or None, "limit": _MOST}
        return self._listed(f"{_job(build, place)}/tests", TestCase, query, None)

    def artifacts(self, build: Build) -> Iterator[Artifact]:
        """Files that the jobs left."""
        return self._listed(f"{_build_of(build)}/artifacts", Artifact, {}, None)

    def artifact(self, artifact: Artifact) -> "AbstractContextManager[httpx.Response]":
        """The bytes of an artifact, as an answer to be read bit by bit."""
        return self.connection.stream(f"{_ROOT}/artifacts/{artifact.id}")

    def log(
        self, build: Build, place: int, attempt: int, offset: int
    ) -> "AbstractContextManager[httpx.Response]":
        """The bytes of a log from ``offset`` on, as an answer to be read bit by bit."""
        path = f"{_job(build, place)}/log?{urlencode({'attempt': attempt})}"
        headers = {"Range": f"bytes={offset}-", "Accept-Encoding": "identity"} if offset else {}
        return self.connection.stream(path, headers=headers)

    def build_stream(self, build: Build) -> str:
        """The address of a build's live stream."""
        return self.connection.get(f"{_build_of(build)}/stream", StreamAddress).url

    def log_stream(self, build: Build, place: int, attempt: int) -> str:
        """The address of the live stream of a job's log."""
        path = f"{_job(build, place)}/stream"
        return self.connection.get(path, StreamAddress, attempt=attempt).url

    def order(self, build: Build) -> BuildOrder:
        """What it takes to run a build elsewhere."""
        return self.connection.get(f"{_build_of(build)}/order", BuildOrder)

    def _listed(
        self, path: str, kind: type[T], query: Mapping[str, object], most: int | None
    ) -> Iterator[T]:
        pages: type[_Page[T]] = _Page[kind]  # type: ignore[valid-type]
        page = self.connection.get(path, pages, **query)
        count = 0
        while True:
            for item in page.items:
                if count == most:
                    return
                count += 1
                yield item
            if not page.next or count == most:
                return
            page = self.connection.get(page.next, pages)


def _project(name: str) -> str:
    return f"{_ROOT}/projects/{quote(name, safe='')}"


def _build(project: str, number: int) -> str:
    return f"{_project(project)}/builds/{number}"


def _build_of(build: Build) -> str:
    return _build(build.project, build.number)


def _job(build: Build, place: int) -> str:
    return f"{_build_of(build)}/jobs/{place}"
