"""Making, cancelling, restarting and approving builds."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import transaction
from psycopg.sql import SQL

from fairlead.errors import FairleadError, NotFound, UsageError
from fairlead.model import Trigger
from fairlead.server.engine.changes import end
from fairlead.server.engine.enqueue import enqueue, withdraw
from fairlead.server.engine.queues import queue_name
from fairlead.server.store.asking import Rows, add, ask
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import OPEN, Build, Job, Project, State
from fairlead.server.store.notify import tell


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a build is wanted, beside its trigger.

    ``labels`` and ``priority`` are the project's by default. ``only`` are keys of jobs, none for
    all. ``due`` delays it. ``held`` has it wait for ``approve``.
    """

    parameters: Mapping[str, str] = {}
    labels: Sequence[str] | None = None
    priority: int | None = None
    only: Sequence[str] = ()
    due: datetime | None = None
    held: bool = False


def create(project: Project, trigger: Trigger, wish: Wish | None = None) -> Build:
    """Accept a build: its row, its number and its place in the queue, in one transaction.

    From then on it comes to a verdict. Older builds of the same branch or pull request that
    have not ended are cancelled where the project wants that. Raises ``FairleadError`` for
    labels that are none, and a project that builds nothing any more.
    """
    wish = wish or Wish()
    with transaction.atomic():
        project = _numbered(project)
        return _create(project, trigger, wish, None)


def restart(build: Build, *, only: Sequence[str] = (), failed: bool = False) -> Build:
    """Build the same commit again, as a new build: all of it, some jobs, or what did not pass.

    Raises ``UsageError`` for jobs that the build does not have, and where nothing failed.
    """
    keys = _chosen(build, only, failed=failed)
    wish = Wish(
        parameters=build.parameters, labels=build.labels, priority=build.priority, only=keys
    )
    with transaction.atomic():
        return _create(_numbered(build.project), build.read_trigger(), wish, build)


def cancel(build: Build, reason: str = "cancelled") -> bool:
    """End a build that has no verdict yet; false where it has one.

    A waiting one is cancelled at once. A running one is told to end, and is cancelled when its
    worker has ended it, or given up if that is dead.
    """
    with transaction.atomic():
        now = Build.objects.select_for_update().get(pk=build.pk)
        if now.ended:
            return False
        if now.state in (State.HELD, State.QUEUED):
            end(now.pk, now.job_id, State.CANCELLED, reason)
        else:
            Build.objects.filter(pk=now.pk).update(reason=clean(reason))
            tell(now.pk)
        if now.job_id is not None:
            withdraw(now.job_id)
    return True


def approve(build: Build) -> bool:
    """Let a held build run; false where it is not held (any more)."""
    with transaction.atomic():
        now = Build.objects.select_for_update().select_related(None).get(pk=build.pk)
        if now.state != State.HELD:
            return False
        enqueue(now)
    return True


def pin(build: Build, *, pinned: bool = True) -> None:
    """Keep a build whatever its age, or no longer."""
    Build.objects.filter(pk=build.pk).update(pinned=pinned)


def _numbered(project: Project) -> Project:
    """The project's row, locked until the end of the transaction, counted one further."""
    found = ask(_COUNTED, project.pk)
    if not found:
        raise NotFound(f"there is no project {project.name} any more")
    now = _PROJECT.made(found[0])
    if not now.enabled:
        raise FairleadError(f"project {now.name} is disabled", hint="enable it to build it")
    return now


_PROJECT = Rows(Project)
_COUNTED = (
    SQL("UPDATE store_project SET counted = counted + 1 WHERE id = %s RETURNING {}")
    .format(_PROJECT.columns)
    .as_string()
)


def _create(project: Project, trigger: Trigger, wish: Wish, again: Build | None) -> Build:
    labels = sorted(set(project.labels if wish.labels is None else wish.labels))
    queue_name(labels)
    build = Build(
        project=project,
        number=project.counted,
        state=State.HELD if wish.held else State.QUEUED,
        series=series_of(trigger),
        labels=labels,
        priority=project.priority if wish.priority is None else wish.priority,
        restart_of=again,
        only=list(wish.only),
        parameters={clean(name): clean(value) for name, value in wish.parameters.items()},
        due=wish.due,
        **_columns(trigger),
    )
    if again is None and project.cancel_superseded:
        _cancel_superseded(build)
    add(build)
    if wish.held:
        tell(build.pk)
    else:
        enqueue(build)
    return build


def series_of(trigger: Trigger) -> str:
    """What a newer build of the same supersedes; empty for what nothing does."""
    if trigger.pull_request:
        return clean(f"pull:{trigger.pull_request}", 300)
    if trigger.event == "push" and trigger.branch:
        return clean(f"branch:{trigger.branch}", 300)
    return ""


def _columns(trigger: Trigger) -> dict[str, object]:
    return {
        "event": trigger.event,
        "branch": clean(trigger.branch or "", 255),
        "tag": clean(trigger.tag or "", 255),
        "commit": trigger.commit or "",
        "message": clean(trigger.message, 20_000),
        "author": clean(trigger.author, 255),
        "pull_request": clean(trigger.pull_request or "", 40),
        "trusted": trigger.trusted,
        "trigger": pack(trigger),
    }


def _cancel_superseded(build: Build) -> None:
    if not build.series:
        return
    older = Build.objects.filter(project=build.project, series=build.series, state__in=OPEN)
    for old in older.order_by("id"):
        cancel(old, f"superseded by build {build.number}")


def _chosen(build: Build, only: Sequence[str], *, failed: bool) -> list[str]:
    known = dict(Job.objects.filter(build=build).values_list("key", "state"))
    for key in only:
        if key not in known:
            raise UsageError(f"build {build} has no job {key!r}", hint=f"jobs: {', '.join(known)}")
    if not failed:
        return list(only) or list(build.only)
    bad = [key for key, state in known.items() if state != State.PASSED]
    if known and not bad:
        raise UsageError(f"every job of build {build} passed: there is nothing to repeat")
    return bad
