"""Why a build waits, in a sentence for people."""

from datetime import timedelta

from django.utils import timezone

from fairlead.server.store.models import Build, State, Worker

SILENT = timedelta(seconds=30)
"""A worker that was not heard of for so long is not counted on."""


def why_waiting(build: Build) -> str:
    """The reason a queued or held build has not begun; empty where it should begin any moment."""
    if build.state == State.HELD:
        return "it waits for approval"
    if build.state != State.QUEUED:
        return ""
    if build.due and build.due > timezone.now():
        return f"it is due at {build.due:%Y-%m-%d %H:%M} UTC"
    workers = list(Worker.objects.filter(seen__gt=timezone.now() - SILENT, stopping=False))
    able = [worker for worker in workers if set(build.labels) <= set(worker.labels)]
    return _no_room(build, able) if able else _nobody_has(build, workers)


def _no_room(build: Build, able: list[Worker]) -> str:
    if build.slot is not None and _ahead(build):
        most = build.project.concurrency
        return f"the project runs at most {most} build{'s' if most > 1 else ''} at once"
    if all(_busy(worker) for worker in able):
        return "every worker that could run it is busy"
    return ""


def _nobody_has(build: Build, workers: list[Worker]) -> str:
    if not workers:
        return "no worker is running"
    offered = {label for worker in workers for label in worker.labels}
    missing = [label for label in build.labels if label not in offered]
    if missing:
        return f"no worker has {' or '.join(missing)}"
    return f"no worker has {' and '.join(build.labels)} together"


def _ahead(build: Build) -> bool:
    same = Build.objects.filter(project_id=build.project_id, slot=build.slot)
    return (
        same.filter(state=State.RUNNING).exists()
        or (
            same.filter(state=State.QUEUED, priority__gte=build.priority, job_id__lt=build.job_id)
        ).exists()
    )


def _busy(worker: Worker) -> bool:
    return worker.builds.filter(state=State.RUNNING).count() >= worker.slots
