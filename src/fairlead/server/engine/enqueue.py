"""Builds into the queue and out of it, in the transaction that changes their rows."""

from django.db import connection
from procrastinate.contrib.django import app

from fairlead.server.engine.queues import DEPLOY, RUN_BUILD, queue_name
from fairlead.server.store.asking import ask
from fairlead.server.store.models import OPEN, Build, State


def enqueue(build: Build) -> None:
    """Give ``build`` a job of the engine, whose id alone may then change it; saves and tells it.

    Call it inside a transaction that holds the row (or made it).
    """
    build.slot = _slot(build)
    lock = None if build.slot is None else f"project:{build.project_id}:{build.slot}"
    task = app.configure_task(
        RUN_BUILD,
        queue=queue_name(build.labels),
        lock=lock,
        priority=build.priority,
        schedule_at=build.due,
    )
    build.job_id = task.defer(build_id=build.pk)
    build.state = State.QUEUED
    build.worker = None
    ask(_QUEUED, build.job_id, build.slot, build.takeovers, build.reason, build.pk)


_QUEUED = (
    "UPDATE store_build SET job_id = %s, slot = %s, state = 'queued', worker_id = NULL,"
    " takeovers = %s, reason = %s WHERE id = %s RETURNING pg_notify('fairlead_build', id::text)"
)


def hand(task: str, *, lock: str, priority: int = 0, **arguments: int) -> int:
    """Give a task to those who deploy; the id of its job. Tasks of one ``lock`` wait in turn."""
    job = app.configure_task(task, queue=DEPLOY, lock=lock, priority=priority)
    return job.defer(**arguments)


def withdraw(job_id: int) -> bool:
    """Take a waiting job out of the queue, or have the worker of a running one told to end it."""
    return app.job_manager.cancel_job_by_id(job_id, abort=True)


def give_up(job_id: int) -> None:
    """Mark a job as failed whose worker is dead. It never runs again under this id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'failed', abort_requested = false"
            " WHERE id = %s AND status IN ('todo', 'doing')",
            (job_id,),
        )


def _slot(build: Build) -> int | None:
    """The least used of the project's places for builds at once; ``None`` without a limit.

    Places are locks of the engine, each held by one running job and waited for in turn.
    """
    most = build.project.concurrency
    if not most:
        return None
    if build.slot is not None and build.slot < most:
        return build.slot
    taken = Build.objects.filter(project_id=build.project_id, state__in=OPEN, slot__isnull=False)
    used = [0] * most
    for slot in taken.exclude(pk=build.pk).values_list("slot", flat=True):
        if slot is not None and slot < most:
            used[slot] += 1
    return used.index(min(used))
