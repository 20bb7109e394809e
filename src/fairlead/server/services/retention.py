"""What is kept for how long: builds by age and number, artifacts by their own days.

Files go first, rows after: killed in between, the rows are still there to say what to remove.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from fairlead.server.logs.storage import Storage
from fairlead.server.store.models import (
    ENDED,
    Artifact,
    Attempt,
    Build,
    Job,
    LogChunk,
    Project,
    Step,
    Test,
)

_AT_ONCE = 100


def expire(storage: Storage) -> int:
    """Remove what is due, a limited number a call; returns how many builds and artifacts.

    Pinned builds stay, with their artifacts, and so do builds without a verdict.
    """
    due = Artifact.objects.filter(expires__lt=Now(), job__build__pinned=False)
    count = _remove_artifacts(due[:_AT_ONCE], storage)
    for project in Project.objects.exclude(keep_days=0, keep_builds=0):
        for build in _due(project):
            remove(build, storage)
            count += 1
    return count


def remove(build: Build, storage: Storage) -> None:
    """Remove one build with everything below it, in storage too."""
    for name in Attempt.objects.filter(job__build=build).exclude(log="").values_list("log"):
        storage.remove(name[0])
    _remove_artifacts(Artifact.objects.filter(job__build=build), storage)
    with transaction.atomic():
        LogChunk.objects.filter(attempt__job__build=build).delete()
        Test.objects.filter(build=build).delete()
        Step.objects.filter(attempt__job__build=build).delete()
        Attempt.objects.filter(job__build=build).delete()
        Job.objects.filter(build=build).delete()
        build.delete()


def _remove_artifacts(artifacts: Iterable[Artifact], storage: Storage) -> int:
    found = list(artifacts)
    for artifact in found:
        storage.remove(artifact.key)
    Artifact.objects.filter(pk__in=[artifact.pk for artifact in found]).delete()
    return len(found)


def _due(project: Project) -> list[Build]:
    """Ended builds that are too old or too many, oldest first."""
    builds = Build.objects.filter(project=project, state__in=ENDED, pinned=False)
    due: set[int] = set()
    if project.keep_days:
        limit = Now() - timedelta(days=project.keep_days)
        # When it finished is told by its worker's clock, which may be years behind.
        began = Q(started__isnull=True) | Q(started__lt=limit)
        old = builds.filter(began, finished__lt=limit).order_by("id")
        due.update(old.values_list("id", flat=True)[:_AT_ONCE])
    if project.keep_builds:
        newest = builds.order_by("-id").values_list("id", flat=True)
        if beyond := newest[project.keep_builds : project.keep_builds + 1]:
            many = builds.filter(id__lte=beyond[0]).order_by("id")
            due.update(many.values_list("id", flat=True)[:_AT_ONCE])
    return list(Build.objects.filter(pk__in=due).defer("plan", "result").order_by("id"))
