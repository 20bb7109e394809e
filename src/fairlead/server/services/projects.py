"""Making, changing and removing projects."""

import re
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from psycopg.sql import SQL

from fairlead.errors import Conflict, FairleadError, NotFound
from fairlead.server.engine.queues import queue_name
from fairlead.server.logs.storage import Storage
from fairlead.server.services import builds, deployments, releases, retention
from fairlead.server.store.asking import Rows, ask
from fairlead.server.store.models import (
    DEPLOYMENT_OPEN,
    OPEN,
    Build,
    Delivery,
    Deployment,
    Project,
)
from fairlead.triggers.refs import parse_ref
from fairlead.triggers.rules import read_rules
from fairlead.util.cron import parse_schedule

CHANGEABLE = frozenset({
    "url",
    "default_branch",
    "enabled",
    "concurrency",
    "labels",
    "priority",
    "cancel_superseded",
    "keep_days",
    "keep_builds",
    "webhook_secret",
    "triggers",
    "protected",
    "poll_every",
    "cron",
})  # fmt: skip
"""What ``change`` takes; ``fairlead.server.store.projects`` says what each means."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?")
# Other words before "://" or "::" have git run programs.
_REMOTE = re.compile(
    r"(?:https?|ssh|git)://[^\s/]+(?:/\S*)?|file://[^\s/]*/+[^\s/]\S*|[\w.-]+@[\w.-]+:[^\s:]\S*"
)


def create(
    name: str,
    *,
    kind: str = "hosted",
    url: str = "",
    default_branch: str = "main",
    **fields: Any,
) -> Project:
    """A project with its repository: an empty one of ours, or the remote at ``url``.

    ``fields`` are those of ``CHANGEABLE``. Raises ``Conflict`` for a name that is taken, and
    ``FairleadError`` for values that are none.
    """
    from fairlead.server.hosting import repositories

    if not _NAME.fullmatch(name):
        raise FairleadError(
            f"{name[:100]!a} is no name of a project",
            hint="lower-case letters, digits, '-' and '_', at most 100, make one",
        )
    project = Project(name=name, kind=kind)
    _set(project, {"url": url, "default_branch": default_branch, **fields})
    with transaction.atomic():
        try:
            with transaction.atomic():
                project.save()
        except IntegrityError as error:
            raise Conflict(f"there is a project {name} already") from error
        if project.kind == Project.Kind.HOSTED:
            repositories.create(settings.FAIRLEAD, name, branch=project.default_branch)
    return project


def change(project: Project, **fields: Any) -> Project:
    """Raises ``FairleadError`` for values that are none; then nothing is changed."""
    if fields:
        _set(project, fields)
        # Not all columns: `counted` may be another by now.
        project.save(update_fields=sorted(fields))
    if "default_branch" in fields and project.kind == Project.Kind.HOSTED:
        from fairlead.server.hosting import repositories

        path = repositories.folder(settings.FAIRLEAD, project.name)
        # Another machine may hold it.
        if repositories.is_repository(path):
            repositories.point_head(path, project.default_branch)
    return project


def remove(project: Project, storage: Storage) -> None:
    """Remove a project with its builds, their files and the repository.

    Builds and deployments that wait are cancelled. Raises ``Conflict`` while one runs: it is told
    to end, and the project is disabled, so that it can be removed soon after. What is live on
    hosts stays there.
    """
    from fairlead.server.hosting import repositories

    change(project, enabled=False)
    _end_all(project)
    releases.remove_all(project, storage)
    for build in Build.objects.filter(project=project).order_by("id").listed().iterator(100):
        retention.remove(build, storage)
    with transaction.atomic():
        Delivery.objects.filter(project=project).delete()
        project.delete()
    repositories.remove(settings.FAIRLEAD, project.name)


def _end_all(project: Project) -> None:
    for build in Build.objects.filter(project=project, state__in=OPEN).listed():
        builds.cancel(build, "the project is being removed")
    going = Deployment.objects.filter(project=project, state__in=DEPLOYMENT_OPEN)
    for deployment in going:
        deployments.cancel(deployment, "whoever removes the project")
    if Build.objects.filter(project=project, state__in=OPEN).exists():
        raise Conflict(
            f"builds of {project} still run; they were told to end",
            hint="remove it when they have",
        )
    if going.all().exists():
        raise Conflict(
            f"a deployment of {project} is under way; it was told to end",
            hint="remove it when it has",
        )


def check_remote(url: str) -> None:
    """Raises ``FairleadError`` for what nobody may mirror over the web.

    Repositories on the server's own disk are for those who have a shell there.
    """
    if url.lower().startswith("file:"):
        raise FairleadError("file:// is taken by `fairlead admin` alone", hint="use https or ssh")


def by_name(name: str) -> Project:
    """Raises ``NotFound`` where there is none."""
    found = ask(_BY_NAME, name) if _NAME.fullmatch(name) else []
    if not found:
        raise NotFound(f"there is no project {name[:100]!a}")
    return _PROJECT.made(found[0])


_PROJECT = Rows(Project)
_BY_NAME = SQL("SELECT {} FROM store_project WHERE name = %s").format(_PROJECT.columns).as_string()


def _set(project: Project, fields: dict[str, Any]) -> None:
    if unknown := sorted(fields.keys() - CHANGEABLE):
        raise FairleadError(f"a project has no {', '.join(unknown)} to set")
    for name, value in fields.items():
        setattr(project, name, value)
    try:
        msgspec.json.encode(fields)
        project.clean_fields(exclude=["name"])
        read_rules(project.triggers)
    except UnicodeEncodeError as error:
        raise FairleadError(f"settings of project {project}: {error}") from error
    except ValidationError as error:
        raise FairleadError(f"settings of project {project}: {_said(error)}") from error
    if any("\0" in value for value in _texts(fields)):
        raise FairleadError(f"settings of project {project}: no zero characters are taken")
    _check(project)


def _check(project: Project) -> None:
    queue_name(project.labels)
    parse_ref(f"refs/heads/{project.default_branch}")
    if project.cron:
        parse_schedule(project.cron)
    if project.kind == Project.Kind.MIRRORED and not _REMOTE.fullmatch(project.url):
        raise FairleadError(
            f"project {project} needs the address of the repository that it mirrors",
            hint="https://…, ssh://…, git://…, file://… or user@host:path",
        )


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def _said(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
