"""Projects."""

from typing import Any
from urllib.parse import quote

import msgspec
from django.http import HttpRequest

from fairlead.server.api.shapes.page import Moment, absolute
from fairlead.server.links import without_password
from fairlead.server.store import models


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project and its settings.

    ``url`` is the remote repository of a mirrored one, without a password; ``repository`` is
    where to clone from, ``page`` where people look. ``has_webhook_secret`` tells that a secret
    is set, which is never shown.
    """

    name: str
    kind: str
    url: str
    repository: str
    page: str
    default_branch: str
    enabled: bool
    created: Moment
    builds: int
    concurrency: int
    labels: list[str]
    priority: int
    cancel_superseded: bool
    keep_days: int
    keep_builds: int
    triggers: dict[str, Any]
    protected: list[str]
    poll_every: int
    cron: str
    has_webhook_secret: bool


def project_shape(project: models.Project, request: HttpRequest) -> Project:
    """A project's row as it is answered."""
    return Project(
        name=project.name,
        kind=project.kind,
        url=without_password(project.url),
        repository=clone_url(project, request),
        page=absolute(request, f"/p/{quote(project.name, safe='')}/"),
        default_branch=project.default_branch,
        enabled=project.enabled,
        created=project.created,
        builds=project.counted,
        concurrency=project.concurrency,
        labels=project.labels,
        priority=project.priority,
        cancel_superseded=project.cancel_superseded,
        keep_days=project.keep_days,
        keep_builds=project.keep_builds,
        triggers=project.triggers,
        protected=project.protected,
        poll_every=project.poll_every,
        cron=project.cron,
        has_webhook_secret=bool(project.webhook_secret),
    )


def clone_url(project: models.Project, request: HttpRequest) -> str:
    """Where git finds a project's commits."""
    if project.kind == models.Project.Kind.HOSTED:
        return absolute(request, f"/git/{quote(project.name, safe='')}.git")
    return without_password(project.url)
