"""What becomes of a build in the queue: taken, given to another, ended without a run.

Each change filters on the job id and is one transaction with what the queue has to know.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier

from fairlead.server.engine.enqueue import enqueue, give_up
from fairlead.server.engine.tables import Table
from fairlead.server.store.asking import direct
from fairlead.server.store.builds import BuildQuerySet
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Build, Project, State
from fairlead.server.store.notify import tell

MOST_TAKEOVERS = 3
"""A build that lost so many workers most likely kills them."""


def with_project(builds: BuildQuerySet) -> BuildQuerySet:
    """The projects of builds too, but for what workers may not read."""
    return builds.select_related("project").defer("project__webhook_secret")


def claim(build_id: int, job_id: int, worker_id: int | None) -> Build | None:
    """Begin a build under this job, or ``None`` where it is not (or no longer) ours to begin."""
    told = {"build_id": build_id, "job_id": job_id, "worker_id": worker_id}
    if not Cursor(direct()).execute(CLAIM, told).fetchone():
        return None
    return with_project(Build.objects.all()).get(pk=build_id)


_OF_BUILD = tuple(c for c in Table(Build, numbered=True).columns if c not in ("plan", "result"))
# A worker's own role of the database may not read the secret of webhooks.
_OF_PROJECT = tuple(c for c in Table(Project, numbered=True).columns if c != "webhook_secret")


def _columns(table: str, columns: tuple[str, ...]) -> Composed:
    return SQL(", ").join(
        SQL("{} AS {}").format(Identifier(table, column), Identifier(f"{table}.{column}"))
        for column in columns
    )


CLAIM = (
    SQL(
        "UPDATE store_build b SET state = 'running', worker_id = %(worker_id)s, recorded = 0,"
        " reason = '', started = now() FROM store_project p"
        " WHERE b.id = %(build_id)s AND b.job_id = %(job_id)s AND b.state = 'queued'"
        " AND p.id = b.project_id RETURNING {}, {}, pg_notify('fairlead_build', b.id::text)"
    )
    .format(_columns("b", _OF_BUILD), _columns("p", _OF_PROJECT))
    .as_string()
)
"""Begins a build in one statement; its row is for ``claimed``."""


def claimed(row: Mapping[str, Any]) -> Build:
    """The build with its project, from a row of ``CLAIM`` as the engine's connector reads it."""
    build = Build(**{column: row[f"b.{column}"] for column in _OF_BUILD})
    build.project = Project(**{column: row[f"p.{column}"] for column in _OF_PROJECT})
    return build


def end(build_id: int, job_id: int | None, state: State, reason: str) -> bool:
    """Give a build its verdict without a run's result; false where it is not ours."""
    with transaction.atomic():
        ours = Build.objects.filter(
            pk=build_id, job_id=job_id, state__in=(State.HELD, State.QUEUED, State.RUNNING)
        )
        text = clean(reason)
        if not ours.update(state=state, reason=text, sentence=text, finished=timezone.now()):
            return False
        tell(build_id)
    return True


def pass_on(build_id: int, job_id: int, *, lost: bool) -> bool:
    """Give a build that this job does not carry out any further to whichever worker is free.

    The old job is failed, never retried: whoever still works under it is fenced off. ``lost``
    says that its worker is gone, and not just stopping. False where the build was not under
    this job any more.
    """
    with transaction.atomic():
        build = (
            with_project(Build.objects.select_for_update(of=("self",)))
            .filter(pk=build_id, job_id=job_id, state__in=(State.QUEUED, State.RUNNING))
            .first()
        )
        cancelled = _asked_to_end(job_id)
        give_up(job_id)
        if build is None:
            return False
        build.takeovers += 1
        if cancelled:
            return end(build.pk, job_id, State.CANCELLED, build.reason or "cancelled")
        if lost and build.takeovers > MOST_TAKEOVERS:
            return end(build.pk, job_id, State.ERRORED, f"it lost {build.takeovers} workers")
        build.due = None
        enqueue(build)
    return True


def _asked_to_end(job_id: int) -> bool:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(pk=job_id, abort_requested=True).exists()
