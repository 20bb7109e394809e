"""Environments, releases and deployments."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.http import HttpRequest

from fairlead.server.api.shapes.page import Moment, absolute
from fairlead.server.links import deployment_path, environment_path
from fairlead.server.store import figures, models


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release. ``state`` is queued, running, ready, failed (see ``reason``) or expired.

    ``build`` is the number of the build it was made of, ``verdict`` that build's; ``sha256`` and
    ``size`` are the file's, whose bytes are at ``file`` while they are kept.
    """

    number: int
    state: str
    version: str
    commit: str
    branch: str
    tag: str
    pull_request: str
    build: int | None
    verdict: str
    by: str
    created: Moment
    finished: Moment | None
    committed: Moment | None
    progress: str
    reason: str
    sha256: str
    size: int
    file: str | None


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A host as it was asked last; ``warm`` is the version that is kept running beside."""

    address: str
    roles: tuple[str, ...]
    version: str
    slot: str
    warm: str
    healthy: bool | None
    maintenance: bool
    note: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the last 90 days. ``lead`` and ``restored`` are medians in seconds, ``failed`` percent."""

    live: int
    per_week: float
    lead: float | None
    failed: int | None
    restored: float | None


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """An environment; ``release`` is the number of what is live in it.

    ``active`` is false for one that its pipeline file names no more. ``open`` are the numbers of
    deployments without an end. One with a ``pull_request`` is that one's review environment;
    with ``closing`` that is over, and it is being removed.
    """

    name: str
    provider: str
    active: bool
    branches: tuple[str, ...]
    tags: tuple[str, ...]
    automatic: bool
    approval: bool
    domains: tuple[str, ...]
    release: int | None
    version: str
    commit: str
    since: Moment | None
    by: str
    healthy: bool | None
    looked: Moment | None
    trouble: str
    hosts: tuple[Host, ...]
    open: tuple[int, ...]
    pull_request: str
    closing: bool
    url: str


class EnvironmentWithFigures(Environment, frozen=True, kw_only=True):
    """An environment with how deploying to it goes."""

    figures: Figures


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment. ``kind`` is deploy or rollback, ``number`` counts in the project.

    ``state`` is held (it waits for a second person), queued, running, or how it ended: live,
    refused, rolled back, failed, cancelled, lost. ``sentence`` says what came of it, ``reason``
    why it waits. ``live`` maps hosts to versions.
    """

    project: str
    environment: str
    number: int
    kind: str
    state: str
    sentence: str
    reason: str
    release: int | None
    build: int | None
    version: str
    commit: str
    previous: str
    hosts: list[str]
    only: list[str]
    by: str
    automatic: bool
    forced: bool
    overruled: str
    approved_by: str
    created: Moment
    started: Moment | None
    switched: Moment | None
    finished: Moment | None
    seconds: float
    live: dict[str, str]
    url: str


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase on a host, or (``host`` empty) for all of them."""

    phase: str
    host: str
    state: str
    started: Moment
    seconds: float
    note: str


class DeploymentWithPhases(Deployment, frozen=True, kw_only=True):
    """A deployment with what was done on each host, in order."""

    phases: tuple[Phase, ...]


class DeployLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a phase wrote, or a notice or warning beside."""

    number: int
    kind: str
    phase: str
    host: str
    time: Moment
    text: str


def release_shape(release: models.Release, request: HttpRequest) -> Release:
    """A release's row, read with its build and project."""
    place = f"/api/v1/projects/{release.project.name}/releases/{release.number}/file"
    return Release(
        number=release.number,
        state=release.state,
        version=release.version,
        commit=release.commit,
        branch=release.branch,
        tag=release.tag,
        pull_request=release.pull_request,
        build=release.build.number if release.build else None,
        verdict=release.verdict,
        by=release.by,
        created=release.created,
        finished=release.finished,
        committed=release.committed,
        progress=release.progress,
        reason=release.reason,
        sha256=release.sha256,
        size=release.size,
        file=absolute(request, place) if release.key else None,
    )


def environment_shape(
    row: models.Environment, under_way: Sequence[int], request: HttpRequest
) -> Environment:
    """An environment's row, with the numbers of what is on its way there."""
    return Environment(**_environment(row, under_way, request))


def with_figures(
    row: models.Environment, under_way: Sequence[int], request: HttpRequest
) -> EnvironmentWithFigures:
    """The same with its figures."""
    told = msgspec.structs.asdict(figures.figures(row))
    return EnvironmentWithFigures(**_environment(row, under_way, request), figures=Figures(**told))


def deployment_shape(row: models.Deployment, request: HttpRequest) -> Deployment:
    """A deployment's row, read with what it is about."""
    return Deployment(**_deployment(row, request))


def with_phases(
    row: models.Deployment, phases: Iterable[models.DeployPhase], request: HttpRequest
) -> DeploymentWithPhases:
    """The same with its phases."""
    return DeploymentWithPhases(
        **_deployment(row, request), phases=tuple(_phase(phase) for phase in phases)
    )


def line_shape(row: models.DeployLine) -> DeployLine:
    """A line's row, read with its phase."""
    return DeployLine(
        number=row.number,
        kind=row.kind,
        phase=row.phase.phase if row.phase else "",
        host=row.phase.host if row.phase else "",
        time=row.time,
        text=row.text,
    )


def _environment(
    row: models.Environment, under_way: Sequence[int], request: HttpRequest
) -> dict[str, Any]:
    told = row.read()
    return {
        "name": row.name,
        "provider": told.provider,
        "active": row.active,
        "branches": told.branches,
        "tags": told.tags,
        "automatic": told.automatic,
        "approval": told.approval,
        "domains": told.domains,
        "release": row.live.number if row.live else None,
        "version": row.live_version,
        "commit": row.live_commit,
        "since": row.live_since,
        "by": row.live_by,
        "healthy": row.healthy,
        "looked": row.looked,
        "trouble": row.trouble,
        "hosts": _hosts(row),
        "open": tuple(under_way),
        "pull_request": row.pull_request,
        "closing": row.closing,
        "url": absolute(request, environment_path(row.project.name, row.name)),
    }


def _hosts(row: models.Environment) -> tuple[Host, ...]:
    seen = {str(one.get("host", "")): one for one in row.hosts if isinstance(one, dict)}
    found = []
    for host in row.read().hosts:
        told = seen.get(str(host), seen.get(host.address, {}))
        healthy = told.get("healthy")
        found.append(
            Host(
                address=host.address,
                roles=host.roles,
                version=str(told.get("version", "")),
                slot=str(told.get("slot", "")),
                warm=str(told.get("warm", "")),
                healthy=healthy if isinstance(healthy, bool) else None,
                maintenance=bool(told.get("maintenance", False)),
                note=str(told.get("note", "")),
            )
        )
    return tuple(found)


def _deployment(row: models.Deployment, request: HttpRequest) -> dict[str, Any]:
    return {
        "project": row.project.name,
        "environment": row.environment.name,
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "sentence": row.sentence,
        "reason": row.reason,
        "release": row.release.number if row.release else None,
        "build": row.build.number if row.build else None,
        "version": row.version,
        "commit": row.commit,
        "previous": row.previous,
        "hosts": row.hosts,
        "only": row.only,
        "by": row.by,
        "automatic": row.automatic,
        "forced": row.forced,
        "overruled": row.overruled,
        "approved_by": row.approved_by,
        "created": row.created,
        "started": row.started,
        "switched": row.switched,
        "finished": row.finished,
        "seconds": row.seconds,
        "live": {str(host): str(version) for host, version in row.live},
        "url": absolute(request, deployment_path(row.project.name, row.number)),
    }


def _phase(row: models.DeployPhase) -> Phase:
    return Phase(
        phase=row.phase,
        host=row.host,
        state=row.state,
        started=row.started,
        seconds=row.seconds,
        note=row.note,
    )
