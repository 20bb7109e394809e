"""Looks after builds that nobody carries out: their worker is dead, or their time is up.

Every worker and scheduler does this in turn, whoever comes first; an advisory lock keeps them
from doing it at once. It needs no place in the queue, so it is done also when all are taken.
"""

import logging
import time
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from fairlead.server.configuration import Intervals
from fairlead.server.engine import changes
from fairlead.server.engine.deploysweep import sweep_deployments
from fairlead.server.engine.enqueue import withdraw
from fairlead.server.store.models import Build, State, Worker
from fairlead.server.store.waiting import why_waiting

log = logging.getLogger(__name__)

_LOCK = 0x666169726C656164  # "fairlead"
_STALLED = """
SELECT b.id, b.job_id FROM store_build b
LEFT JOIN procrastinate_jobs j ON j.id = b.job_id
LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE b.state IN ('queued', 'running') AND (
  j.id IS NULL
  OR j.status NOT IN ('todo', 'doing')
  OR (j.status = 'doing'
      AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))))
ORDER BY b.id LIMIT 500
"""
ANYTHING_OPEN = """
  EXISTS (SELECT FROM store_build WHERE state IN ('held', 'queued', 'running'))
  OR EXISTS (SELECT FROM store_worker WHERE seen < now() - interval '1 day')
"""
"""True where ``sweep`` may have something to do: what an idle worker asks instead."""
_OLD = """
DELETE FROM procrastinate_jobs WHERE id IN (
  SELECT j.id FROM procrastinate_jobs j
  WHERE j.status NOT IN ('todo', 'doing')
    AND j.id < (SELECT coalesce(max(id), 0) - %s FROM procrastinate_jobs)
    AND NOT EXISTS (SELECT 1 FROM store_build b
                    WHERE b.job_id = j.id AND b.state IN ('held', 'queued', 'running'))
  ORDER BY j.id LIMIT 1000)
"""
_KEPT = 1000
"""Jobs of the engine that are kept though they are over, for whoever looks for what happened."""

_FORGET_EVERY = 60.0
_forgot = 0.0


def sweep(intervals: Intervals, queue_timeout: float, *, deployments: bool = True) -> int:
    """Pass on what lost its worker and end what waited too long; returns how many builds.

    ``deployments`` are for those alone who may touch them. Does nothing where another process
    does it at this moment, or where PostgreSQL has just started, since then nobody had a chance
    to be heard of.
    """
    with connection.cursor() as cursor:
        # A process that is frozen in here must not keep the lock from all others.
        cursor.execute("SET idle_session_timeout = %s", (int(intervals.lease * 1000),))
        cursor.execute(
            "SELECT now() - pg_postmaster_start_time() > make_interval(secs => %s)"
            " AND pg_try_advisory_lock(%s)",
            (intervals.grace, _LOCK),
        )
        row = cursor.fetchone()
        if not row or not row[0]:
            cursor.execute("RESET idle_session_timeout")
            return 0
        try:
            _forget_at_times()
            found = _pass_on_stalled(intervals.stalled) + _end_expired(queue_timeout)
            return found + (sweep_deployments(intervals.stalled) if deployments else 0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            cursor.execute("RESET idle_session_timeout")


def _pass_on_stalled(stalled: float) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_STALLED, (stalled,))
        found = cursor.fetchall()
    count = 0
    for build_id, job_id in found:
        log.warning("build %s lost its worker (job %s)", build_id, job_id)
        count += changes.pass_on(build_id, job_id, lost=True)
    return count


def _end_expired(queue_timeout: float) -> int:
    if not queue_timeout:
        return 0
    # By the database's clock: that of a worker may be days ahead.
    limit = Now() - timedelta(seconds=queue_timeout)
    since = Coalesce("due", "created")
    late = Build.objects.alias(since=since).filter(Q(state=State.QUEUED), since__lt=limit)
    count = 0
    for build in changes.with_project(late).defer("plan", "result")[:500]:
        why = why_waiting(build) or "no worker took it"
        reason = f"it waited for more than {queue_timeout:.0f} s: {why}"
        if build.job_id is not None and changes.end(build.pk, build.job_id, State.ERRORED, reason):
            withdraw(build.job_id)
            count += 1
    return count


def _forget_at_times() -> None:
    """Remove old rows of the engine, a few at a time, and workers that are long gone."""
    global _forgot  # noqa: PLW0603 — of this process
    if _forgot and time.monotonic() - _forgot < _FORGET_EVERY:
        return
    _forgot = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_OLD, (_KEPT,))
    Worker.objects.filter(seen__lt=Now() - timedelta(days=1)).delete()
