"""Looks after what follows builds and nobody carries out any more: its worker is dead.

Deployments are never begun again by themselves: what is on the hosts is for a person to see.
Releases are made again; what was to be looked at is looked at again.
"""

import json
import logging

from django.db import connection, transaction

from fairlead.server.engine.adopting import lost
from fairlead.server.engine.enqueue import give_up, hand
from fairlead.server.engine.queues import DEPLOY, FOLLOW_BUILD, MAKE_RELEASE, RUN_DEPLOYMENT
from fairlead.server.services import deployments, looking, releases, reviews
from fairlead.server.store.models import Build, Deployment, DeploymentState, Release

log = logging.getLogger(__name__)

_MOST_TRIES = 3
_STALLED = """
SELECT j.id, j.task_name, j.args FROM procrastinate_jobs j
LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.queue_name = %s AND j.status = 'doing'
  AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))
ORDER BY j.id LIMIT 100
"""
_ORPHANED = """
SELECT d.id, d.job_id FROM store_deployment d LEFT JOIN procrastinate_jobs j ON j.id = d.job_id
WHERE d.state = 'running' AND (j.id IS NULL OR j.status NOT IN ('todo', 'doing'))
ORDER BY d.id LIMIT 100
"""
ANYTHING = """
  OR EXISTS (SELECT FROM store_deployment WHERE state IN ('held', 'queued', 'running'))
  OR EXISTS (SELECT FROM store_release WHERE state IN ('queued', 'running'))
  OR EXISTS (SELECT FROM store_environment WHERE closing AND removed IS NULL)
  OR EXISTS (SELECT FROM procrastinate_jobs WHERE queue_name = 'deploy' AND status = 'doing')
"""
"""For the end of the reaper's question: true where there may be something to do."""


def sweep_deployments(stalled: float) -> int:
    """Call it while nobody else does; returns how many were found."""
    with connection.cursor() as cursor:
        cursor.execute(_STALLED, (DEPLOY, stalled))
        found = cursor.fetchall()
    for job_id, task, told in found:
        log.warning("%s lost its worker (job %s)", task, job_id)
        with transaction.atomic():
            give_up(job_id)
            # Django leaves JSON of its cursors as it is.
            _pass_on(task, job_id, json.loads(told) if isinstance(told, str) else told)
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANED)
        orphaned = cursor.fetchall()
    for deployment_id, job_id in orphaned:
        lost(deployment_id, job_id)
    return len(found) + len(orphaned) + _move_on() + reviews.sweep()


def _pass_on(task: str, job_id: int, told: dict[str, int]) -> None:
    if task == RUN_DEPLOYMENT:
        deployment_id = told.get("deployment_id", 0)
        if lost(deployment_id, job_id):
            row = Deployment.objects.select_related("environment").get(pk=deployment_id)
            looking.look(row.environment)
    elif task == MAKE_RELEASE:
        _again(told.get("release_id", 0), job_id)
    elif task == FOLLOW_BUILD:
        build_id = told.get("build_id", 0)
        hand(FOLLOW_BUILD, lock=f"follow:{build_id}", build_id=build_id)


def _again(release_id: int, job_id: int) -> None:
    release = Release.objects.filter(pk=release_id, job_id=job_id).first()
    if release is None or release.state not in releases.UNDER_WAY:
        return
    release.takeovers += 1
    if release.takeovers > _MOST_TRIES:
        release.state, release.reason = Release.State.FAILED, "it lost too many workers"
        release.save(update_fields=["state", "reason", "takeovers"])
    else:
        releases.queue(release)


def _move_on() -> int:
    """Those that wait for what has come to its end without a word, such as a cancelled build."""
    waiting = Deployment.objects.filter(state=DeploymentState.QUEUED, job_id=None)
    ended = Release.objects.exclude(state__in=releases.UNDER_WAY)
    builds = Build.objects.filter(state__in=("passed", "failed", "errored", "cancelled"))
    count = 0
    if waiting.filter(release__in=ended).exists():
        count += deployments.move_on(release__in=ended)
    if waiting.filter(release=None, build__in=builds).exists():
        count += deployments.move_on(release=None, build__in=builds)
    return count
