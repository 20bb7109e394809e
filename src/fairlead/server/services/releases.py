"""Having releases made, kept and removed."""

from django.db import transaction

from fairlead.errors import Conflict, NotFound
from fairlead.server.engine.enqueue import hand
from fairlead.server.engine.queues import MAKE_RELEASE
from fairlead.server.logs.storage import Storage
from fairlead.server.operating.locks import files_may_go
from fairlead.server.store.counting import next_number
from fairlead.server.store.fields import clean
from fairlead.server.store.models import (
    DEPLOYMENT_OPEN,
    Build,
    Deployment,
    Environment,
    Project,
    Release,
)
from fairlead.server.store.notify import tell

UNDER_WAY = (Release.State.QUEUED, Release.State.RUNNING)


def make(build: Build, *, by: str = "", review: bool = False) -> Release:
    """The release of an ended build: the one there is, or one that is now being made.

    One that could not be made, or was removed, is made again. Raises ``Conflict`` for a build
    that has not ended, and one of a proposed change, unless it is for that one's ``review``.
    """
    if not build.ended:
        raise Conflict(f"build {build.number} has no verdict yet")
    if not (build.trusted and not build.pull_request) and not (review and build.pull_request):
        raise Conflict(f"build {build.number} is of a proposed change: no release is made of it")
    if not build.commit:
        raise Conflict(f"build {build.number} has no commit")
    with transaction.atomic():
        number = next_number(Release, build.project)  # holds others off
        found = Release.objects.listed().filter(build=build).first()
        if found is None:
            found = _new(build, number, by)
        elif found.state not in (Release.State.FAILED, Release.State.EXPIRED):
            return found
        queue(found)
    return found


def queue(release: Release) -> None:
    """Have it made, by whoever is free; call it in a transaction."""
    release.state, release.reason = Release.State.QUEUED, ""
    lock = f"release:{release.pk}"
    release.job_id = hand(MAKE_RELEASE, lock=lock, priority=0, release_id=release.pk)
    release.save(update_fields=["state", "reason", "job_id", "takeovers"])
    tell(0)


def by_number(project: Project, number: int) -> Release:
    """Raises ``NotFound`` where there is none."""
    found = Release.objects.listed().filter(project=project, number=number).first()
    if found is None:
        raise NotFound(f"{project} has no release {number}")
    return found


def newest(project: Project, commit: str) -> Release | None:
    """The newest release of a commit that is, or is being, made."""
    states = (*UNDER_WAY, Release.State.READY)
    rows = Release.objects.listed().filter(project=project, commit=commit, state__in=states)
    rows = rows.filter(pull_request="")
    return rows.order_by("-id").first()


def prune(project: Project, keep: int, storage: Storage) -> int:
    """Remove the files of all but the ``keep`` newest releases; returns how many went.

    Those of pull requests do not count. Those that are live, that a deployment under way needs,
    or that were live before what is live now, stay. Rows stay too, so that history can be read.
    None go while a backup is made: the next release has them go.
    """
    with files_may_go() as may:
        return _prune(project, keep, storage) if may else 0


def _prune(project: Project, keep: int, storage: Storage) -> int:
    ready = Release.objects.filter(project=project, state=Release.State.READY)
    newest = ready.filter(pull_request="").order_by("-id").values_list("id", flat=True)
    stays = set(newest[:keep]) | _needed(project)
    count = 0
    for release in ready.exclude(pk__in=stays).order_by("id")[:100]:
        # The row first: nobody is to be given a file that is going.
        Release.objects.filter(pk=release.pk).update(state=Release.State.EXPIRED, key="")
        storage.remove(release.key)
        count += 1
    return count


def remove_all(project: Project, storage: Storage) -> None:
    """Remove the files of all releases, before the project goes."""
    for key in Release.objects.filter(project=project).exclude(key="").values_list("key"):
        storage.remove(key[0])


def _needed(project: Project) -> set[int]:
    under_way = Deployment.objects.filter(project=project, state__in=DEPLOYMENT_OPEN)
    needed: set[int | None] = set(under_way.values_list("release_id", flat=True))
    for environment in Environment.objects.filter(project=project).present():
        needed.add(environment.live_id)
        lived = Deployment.objects.filter(environment=environment, state="live")
        needed.update(lived.order_by("-id").values_list("release_id", flat=True)[:2])
    return {pk for pk in needed if pk is not None}


def _new(build: Build, number: int, by: str) -> Release:
    return Release.objects.create(
        project=build.project,
        number=number,
        build=build,
        verdict=build.state,
        commit=build.commit,
        version=build.commit[:12],
        branch="" if build.pull_request else build.branch,
        tag=build.tag,
        pull_request=build.pull_request,
        trusted=build.trusted,
        message=build.message,
        by=clean(by, 255),
    )
