"""The secrets of a build's project: opened here, or by a web node for a worker elsewhere."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration, secret_key
from fairlead.server.pausing import pause
from fairlead.server.secrets.sealing import unseal
from fairlead.server.store.models import (
    Build,
    Deployment,
    DeploymentState,
    Project,
    Secret,
    State,
)
from fairlead.util.decoding import from_json

if TYPE_CHECKING:
    import httpx
    from django.db.models import QuerySet

log = logging.getLogger(__name__)

PATH = "internal/secrets/"

DEPLOY_KEY = "FAIRLEAD_DEPLOY_KEY"
"""The secret of a project that is its key to hosts; builds never get it."""

_PATIENCE = 300.0
"""Seconds for which a web node may be away before the build is given up."""

_PAUSE = 2.0
_AWAY = (429, 500, 502, 503, 504)


def place_of(project_id: int, name: str) -> str:
    """What a value is sealed for."""
    return f"{name} of project {project_id}"


def of_project(told: Configuration, project_id: int) -> dict[str, str]:
    """Those that builds may have: all but the key to hosts.

    Raises ``FairleadError`` where one cannot be opened.
    """
    return _opened(told, Secret.objects.filter(project_id=project_id).exclude(name=DEPLOY_KEY))


def deploy_key(told: Configuration, project_id: int) -> str:
    """The key that the project's hosts are signed in to with, as far as it can be opened here.

    Empty where it has none of its own.
    """
    try:
        rows = Secret.objects.filter(project_id=project_id, name=DEPLOY_KEY)
        return _opened(told, rows).get(DEPLOY_KEY, "")
    except (FairleadError, ProgrammingError) as error:
        log.warning("%s of project %s: %s", DEPLOY_KEY, project_id, error)
        return ""


def _opened(told: Configuration, secrets: "QuerySet[Secret]") -> dict[str, str]:
    rows = list(secrets.values_list("project_id", "name", "sealed"))
    key = secret_key(told) if rows else ""
    return {name: unseal(key, place_of(of, name), bytes(data)) for of, name, data in rows}


def of_running_build(told: Configuration, build_id: int) -> dict[str, str] | None:
    """The same for a build; ``None`` for one that may have none: untrusted, or not running."""
    projects = Project.objects.filter(
        builds__pk=build_id, builds__trusted=True, builds__state=State.RUNNING
    )
    found = projects.values_list("pk", flat=True).first()
    return None if found is None else of_project(told, found)


def of_running_deployment(told: Configuration, deployment_id: int) -> dict[str, str] | None:
    """Those that a deployment's environment names, and the key to its hosts where there is one.

    ``None`` for one that is not under way.
    """
    rows = Deployment.objects.filter(pk=deployment_id, state=DeploymentState.RUNNING)
    found = rows.select_related("environment", "release").first()
    if found is None:
        return None
    trusted = found.release is not None and found.release.trusted
    wanted = found.environment.read().secrets if trusted else ()
    named = (DEPLOY_KEY, *wanted)
    return _opened(told, Secret.objects.filter(project_id=found.project_id, name__in=named))


def for_deployment(told: Configuration, deployment: Deployment, *, alone: bool) -> dict[str, str]:
    """The same for the worker that carries it out, asked for as those of builds are."""
    if alone and told.worker_token and told.url:
        return _fetched(told, f"deployment/{deployment.pk}")
    return of_running_deployment(told, deployment.pk) or {}


def for_worker(told: Configuration, build: Build, *, alone: bool) -> dict[str, str]:
    """The secrets of a build that a worker runs.

    One that is ``alone`` on its machine and was told a token and an address asks the web nodes:
    it has neither the key nor a right to the rows. Raises ``FairleadError``.
    """
    if alone and told.worker_token and told.url:
        return _fetched(told, str(build.pk))
    try:
        return of_project(told, build.project_id)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        raise FairleadError(
            "this worker's role of the database may not read secrets",
            hint="with FAIRLEAD_URL and FAIRLEAD_WORKER_TOKEN it asks the server for them",
        ) from error


def _fetched(
    told: Configuration, of: str, pause: Callable[[float], object] = pause
) -> dict[str, str]:
    import httpx

    address = f"{told.url.rstrip('/')}/{PATH}{of}"
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            answer = httpx.get(
                address, headers={"Authorization": f"Bearer {told.worker_token}"}, timeout=30.0
            )
        except httpx.TransportError as error:
            why = str(error)
        else:
            if answer.status_code not in _AWAY:
                return _read(answer)
            why = f"HTTP {answer.status_code}"
        if time.monotonic() > end:
            raise FairleadError(f"the secrets cannot be had from {told.url}: {why}")
        log.warning("%s: %s; trying again", address, why)
        pause(_PAUSE)


def _read(answer: "httpx.Response") -> dict[str, str]:
    if answer.status_code == HTTPStatus.CONFLICT:
        raise FairleadError(answer.text)
    if not answer.is_success:
        raise FairleadError(
            f"the server does not give this worker the secrets: HTTP {answer.status_code}",
            hint="FAIRLEAD_WORKER_TOKEN must be the server's own, or a token with scope worker",
        )
    try:
        return from_json(answer.content, dict[str, str])
    except msgspec.DecodeError as error:
        raise FairleadError(f"the server's answer is not one: {error}") from error
