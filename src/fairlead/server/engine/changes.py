"""What becomes of a build in the queue: taken, given to another, ended without a run.

Each change filters on the job id and is one transaction with what the queue has to know.
"""

from django.db import transaction
from django.utils import timezone

from fairlead.server.engine.enqueue import enqueue, give_up
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Build, State
from fairlead.server.store.notify import tell

MOST_TAKEOVERS = 3
"""A build that lost so many workers most likely kills them."""


def claim(build_id: int, job_id: int, worker_id: int | None) -> Build | None:
    """Begin a build under this job, or ``None`` where it is not (or no longer) ours to begin."""
    with transaction.atomic():
        ours = Build.objects.filter(pk=build_id, job_id=job_id, state=State.QUEUED)
        changes = {"state": State.RUNNING, "worker_id": worker_id, "recorded": 0, "reason": ""}
        if not ours.update(**changes, started=timezone.now()):
            return None
        tell(build_id)
        return Build.objects.select_related("project").get(pk=build_id)


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
            Build.objects.select_for_update(of=("self",))
            .select_related("project")
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
        tell(build_id)
    return True


def _asked_to_end(job_id: int) -> bool:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(pk=job_id, abort_requested=True).exists()
