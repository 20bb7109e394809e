"""Review environments: rows made for pull requests, and wanted gone with them.

Such a row is deployed to as any other is. Its removal is a task under the same lock, so that never
both are under way. A row of a closed pull request stays: no late verdict brings it back.
"""

import logging
from datetime import timedelta

import msgspec
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from fairlead.errors import UsageError
from fairlead.model.environment import Environment as Specification
from fairlead.server.engine.enqueue import hand
from fairlead.server.engine.queues import REMOVE_REVIEW
from fairlead.server.services import deployments, environments, releases
from fairlead.server.services.choosing import Wanted
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import (
    DEPLOYMENT_OPEN,
    Build,
    Deployment,
    Environment,
    Project,
)
from fairlead.server.store.notify import tell

log = logging.getLogger(__name__)

_AFTER = 10_000
"""Their places begin behind those of the pipeline file."""
_SOON, _LATE = 30.0, 3600.0
"""Seconds until a removal that failed is tried again, at first and at most."""
_ABANDONED = """
SELECT e.id FROM store_environment e LEFT JOIN procrastinate_jobs j ON j.id = e.job_id
WHERE e.closing AND e.removed IS NULL AND (e.due IS NULL OR e.due <= now())
  AND (j.id IS NULL OR j.status NOT IN ('todo', 'doing'))
ORDER BY e.id LIMIT 100
"""


def patterns(project: Project) -> list[Specification]:
    """What the pipeline file says of environments for reviews."""
    rows = Environment.objects.filter(project=project, active=True, pull_request="")
    return [told for row in rows.order_by("place", "id") if (told := row.read()).review]


def bring(build: Build, wanted: Specification) -> Deployment | None:
    """Have a green build of a pull request deployed to its own environment, ``wanted``.

    ``None`` where it is not to be: closed meanwhile, or a newer one is on its way. Raises as
    ``deployments.ask`` does.
    """
    with transaction.atomic():
        # Nobody closes a pull request meanwhile.
        project = Project.objects.select_for_update().get(pk=build.project_id)
        row = Environment.objects.filter(project=project, name=wanted.name).first()
        row = row or Environment(project=project, name=wanted.name, pull_request=build.pull_request)
        if row.pull_request != build.pull_request:
            log.warning("%s of %s is no name for a review: it is taken", wanted.name, project)
            return None
        if row.closing or not environments.takes(row, build) or _is_older(row, build):
            return None
        if row.pk and row.removed is None:
            wanted = _where_it_is(row.read(), wanted)
        row.active, row.removed, row.place = True, None, _AFTER + int(build.pull_request)
        row.specification, row.commit, row.trouble = pack(wanted), build.commit, ""
        row.save()
        release = releases.make(build, review=True)
        wish = deployments.Wish(automatic=True)
        return deployments.ask(row, Wanted(release=release.number), deployments.AUTOMATIC, wish)


def close(project: Project, number: str) -> None:
    """Have a closed pull request's environments removed; call it while the project is locked."""
    if not (number.isascii() and number.isdecimal()):
        return
    rows = {row.name: row for row in Environment.objects.filter(project=project)}
    for told in patterns(project):
        # Also where there is none yet: its build may still be under way.
        name = f"{told.name}-{number}"
        if name not in rows:
            rows[name] = Environment(
                project=project,
                name=name,
                pull_request=number,
                specification=pack(Specification(name=name)),
                removed=timezone.now(),
            )
    for row in rows.values():
        if row.pull_request == number:
            _close(row, f"the end of pull request {number}")


def end(environment: Environment, by: str) -> None:
    """Have one removed without waiting for the pull request's end, or tried again at once.

    Raises ``UsageError`` for an environment of the pipeline file.
    """
    if not environment.pull_request:
        raise UsageError(
            f"{environment} is no review environment", hint="take it out of the pipeline file"
        )
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=environment.project_id)
        row = Environment.objects.get(pk=environment.pk)
        if row.closing and row.removed is None and row.job_id is None:
            _hand(row)
        _close(row, by)


def reopen(project: Project, number: str) -> None:
    """Let verdicts that come from now on make one again."""
    rows = Environment.objects.filter(project=project, pull_request=clean(number, 40))
    rows.exclude(pull_request="").filter(closing=True).update(closing=False, job_id=None)


def removing(environment_id: int, job_id: int | None) -> Specification | None:
    """What this job is to remove; ``None`` where it is not wanted any more."""
    rows = Environment.objects.filter(pk=environment_id, job_id=job_id, closing=True, removed=None)
    row = rows.first()
    return row.read() if row else None


def end_removal(environment_id: int, job_id: int | None, trouble: str = "") -> None:
    """Keep that it is gone from its hosts, or what the trouble was; then it is tried again."""
    rows = Environment.objects.filter(pk=environment_id, job_id=job_id, closing=True)
    if (row := rows.first()) is None:
        return
    if trouble:
        pause = min(_LATE, _SOON * 2.0 ** min(row.tries, 10))
        rows.update(
            job_id=None,
            tries=min(row.tries + 1, 1000),
            due=Now() + timedelta(seconds=pause),
            trouble=clean(trouble, 2000),
        )
    else:
        gone = {"live_version": "", "live_commit": "", "live_since": None, "live_by": ""}
        rows.update(
            job_id=None, tries=0, due=None, trouble="", hosts=[], looked=None, live=None,
            removed=timezone.now(), **gone,
        )  # fmt: skip
    tell(0)


def remove_again(deployment_id: int) -> None:
    """What ended without anybody hearing of it may have made a place that was gone already."""
    with transaction.atomic():
        found = Environment.objects.filter(deployments=deployment_id, closing=True)
        for row in found.select_for_update(of=("self",)):
            row.removed = None
            _hand(row)


def sweep() -> int:
    """Hand removals on that nobody carries out (any more); how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_ABANDONED)
        found = [row[0] for row in cursor.fetchall()]
    for pk in found:
        with transaction.atomic():
            rows = Environment.objects.select_for_update(of=("self",))
            row = rows.filter(pk=pk, closing=True, removed=None).first()
            if row is not None:
                _hand(row)
    return len(found)


def _close(row: Environment, by: str) -> None:
    if row.closing:
        return
    row.closing, row.active, row.tries, row.due = True, False, 0, None
    row.save()
    for one in Deployment.objects.filter(environment=row, state__in=DEPLOYMENT_OPEN):
        deployments.cancel(one, by)
    if row.removed is None:
        _hand(row)
    tell(0)


def _hand(row: Environment) -> None:
    row.job_id = hand(REMOVE_REVIEW, lock=f"environment:{row.pk}", environment_id=row.pk)
    row.save(update_fields=["job_id", "removed"])


def _is_older(row: Environment, build: Build) -> bool:
    """Whether something as new went, or is on its way, there by itself."""
    if row.pk is None or row.removed is not None:
        return False
    rows = Deployment.objects.filter(environment=row, automatic=True)
    return rows.filter(build__number__gte=build.number).exists()


def _where_it_is(known: Specification, wanted: Specification) -> Specification:
    """The place stays until it is removed, wherever the pattern would have it by now."""
    if known.app is None or wanted.app is None:
        return wanted
    replace = msgspec.structs.replace
    databases = dict.fromkeys((*known.wanted.databases, *wanted.wanted.databases))
    return replace(
        wanted,
        hosts=known.hosts,
        root=known.root,
        app=replace(wanted.app, name=known.app.name),
        wanted=replace(wanted.wanted, databases=tuple(databases)),
    )
