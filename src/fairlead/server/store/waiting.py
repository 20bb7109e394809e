"""Why builds wait, in sentences for people; for a whole list in two queries."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from fairlead.server.store.asking import ask
from fairlead.server.store.models import Build, State

SILENT = timedelta(seconds=30)
"""A worker that was not heard of for so long is not counted on."""


def why_waiting(build: Build) -> str:
    """The reason a queued or held build has not begun; empty where it should begin any moment."""
    return reasons([build]).get(build.pk, "")


def reasons(builds: Sequence[Build]) -> dict[int, str]:
    """The same for many, by their ids; their projects must have been read with them."""
    now = timezone.now()
    said = {build.pk: "it waits for approval" for build in builds if build.state == State.HELD}
    queued = [build for build in builds if build.state == State.QUEUED]
    said |= {
        build.pk: f"it is due at {build.due:%Y-%m-%d %H:%M} UTC"
        for build in queued
        if build.due and build.due > now
    }
    if ready := [build for build in queued if build.pk not in said]:
        said |= _of_ready(ready)
    return said


def _of_ready(builds: Sequence[Build]) -> dict[int, str]:
    counted = [_Able(set(labels), busy) for labels, busy in ask(_HEARD, SILENT)]
    behind = _behind([build.pk for build in builds if build.slot is not None])
    said = {}
    for build in builds:
        able = [worker for worker in counted if set(build.labels) <= worker.labels]
        if not able:
            said[build.pk] = _nobody_has(build, counted)
        elif build.pk in behind:
            most = build.project.concurrency
            said[build.pk] = f"the project runs at most {most} build{'s' * (most > 1)} at once"
        elif all(worker.busy for worker in able):
            said[build.pk] = "every worker that could run it is busy"
    return said


class _Able(NamedTuple):
    """A worker that is heard of: its labels, and whether it has no slot left."""

    labels: set[str]
    busy: bool


# Not by joining builds: a worker may have run a hundred thousand, of which few are open.
_HEARD = """
SELECT labels, slots <= (
  SELECT count(*) FROM store_build b WHERE b.worker_id = w.id AND b.state = 'running'
) FROM store_worker w WHERE seen > now() - %s AND NOT stopping
"""


def _nobody_has(build: Build, workers: Sequence[_Able]) -> str:
    if not workers:
        return "no worker is running"
    offered = {label for worker in workers for label in worker.labels}
    missing = [label for label in build.labels if label not in offered]
    if missing:
        return f"no worker has {' or '.join(missing)}"
    return f"no worker has {' and '.join(build.labels)} together"


def _behind(ids: list[int]) -> frozenset[int]:
    """Which of these builds have another ahead of them in their place under the project."""
    if not ids:
        return frozenset()
    same = Build.objects.filter(project_id=OuterRef("project_id"), slot=OuterRef("slot"))
    first = Q(priority__gte=OuterRef("priority"), job_id__lt=OuterRef("job_id"))
    ahead = same.filter(Q(state=State.RUNNING) | Q(first, state=State.QUEUED))
    found = Build.objects.filter(Exists(ahead), pk__in=ids)
    return frozenset(found.values_list("pk", flat=True))
