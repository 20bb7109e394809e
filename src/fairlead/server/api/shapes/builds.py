"""Builds, short in lists and with their jobs alone."""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.http import HttpRequest

from fairlead.server.api.shapes.jobs import Job, Tests
from fairlead.server.api.shapes.page import Moment, absolute
from fairlead.server.links import build_path
from fairlead.server.store import models
from fairlead.server.store.waiting import reasons


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A build. ``number`` counts in its project, ``id`` over all.

    ``sentence`` is the verdict in words, ``reason`` why it was cancelled or could not be run,
    ``waiting`` why it has not begun. ``seconds`` is how long it ran, ``coverage`` in percent.
    ``only`` are the keys of the jobs it is limited to. ``url`` is its page.
    """

    id: int
    project: str
    number: int
    state: str
    sentence: str
    reason: str
    waiting: str
    event: str
    branch: str
    tag: str
    commit: str
    message: str
    author: str
    pull_request: str
    trusted: bool
    parameters: dict[str, str]
    labels: list[str]
    priority: int
    only: list[str]
    created: Moment
    due: Moment | None
    started: Moment | None
    finished: Moment | None
    seconds: float
    coverage: float | None
    tests: Tests
    notices: list[str]
    pinned: bool
    url: str


class BuildWithJobs(Build, frozen=True, kw_only=True):
    """A build with its jobs, in the order of the plan; none before there is a plan."""

    jobs: tuple[Job, ...]


def build_shape(build: models.Build, request: HttpRequest, *, waiting: str | None = None) -> Build:
    """A build's row as it is answered; ``waiting`` is looked up where it is not known."""
    if waiting is None:
        waiting = reasons([build]).get(build.pk, "")
    return Build(**_fields(build, request, waiting))


def with_jobs(build: models.Build, jobs: tuple[Job, ...], request: HttpRequest) -> BuildWithJobs:
    """A build's row with what was read of its jobs."""
    waiting = reasons([build]).get(build.pk, "")
    return BuildWithJobs(**_fields(build, request, waiting), jobs=jobs)


def build_shapes(builds: Iterable[models.Build], request: HttpRequest) -> tuple[Build, ...]:
    """Rows of a list."""
    found = tuple(builds)
    waiting = reasons(found)
    return tuple(build_shape(build, request, waiting=waiting.get(build.pk, "")) for build in found)


def _fields(build: models.Build, request: HttpRequest, waiting: str) -> dict[str, Any]:
    path = build_path(build.project.name, build.number)
    return {
        "id": build.pk,
        "project": build.project.name,
        "number": build.number,
        "state": build.state,
        "sentence": build.sentence,
        "reason": build.reason,
        "waiting": waiting,
        "event": build.event,
        "branch": build.branch,
        "tag": build.tag,
        "commit": build.commit,
        "message": build.message,
        "author": build.author,
        "pull_request": build.pull_request,
        "trusted": build.trusted,
        "parameters": {name: str(value) for name, value in build.parameters.items()},
        "labels": build.labels,
        "priority": build.priority,
        "only": build.only,
        "created": build.created,
        "due": build.due,
        "started": build.started,
        "finished": build.finished,
        "seconds": build.seconds,
        "coverage": build.coverage,
        "tests": Tests(build.passed_tests, build.bad_tests, build.skipped_tests),
        "notices": build.notices,
        "pinned": build.pinned,
        "url": absolute(request, path),
    }
