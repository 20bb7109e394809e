"""What waits and why, what runs where, and who could run it."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.store.models import Build, State, Worker
from fairlead.server.store.waiting import SILENT, why_waiting
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web.answer import show
from fairlead.server.web.gate import admits
from fairlead.server.web.sentence import sentence_of

_WAITING, _EXPLAINED, _RUNNING = 60, 20, 60
_FORGOTTEN = timedelta(hours=1)
_BEHIND = "others come first"


class Waiting(msgspec.Struct, frozen=True):
    """A build that has not begun, and why."""

    build: Build
    reason: str


class Machine(msgspec.Struct, frozen=True):
    """A worker: ``state`` is a word, and the class that colours it."""

    worker: Worker
    state: str
    word: str
    busy: int


@require_safe
@admits(Scope.READ)
def show_queue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The next to run first."""
    order = ("-priority", "id")
    waiting = _of(State.QUEUED, State.HELD).order_by(*order)[: _WAITING + 1]
    running = _of(State.RUNNING).select_related("project", "worker").order_by("id")
    running_now = list(running[: _RUNNING + 1])
    found = _reasons(waiting)
    return show(
        request,
        actor,
        "queue.html",
        here="queue",
        stream=stream_path("all"),
        waiting=found[:_WAITING],
        more_waiting=len(found) > _WAITING,
        running=[(build, sentence_of(build)) for build in running_now[:_RUNNING]],
        more_running=len(running_now) > _RUNNING,
        machines=_machines(),
    )


def _of(*states: State):  # type: ignore[no-untyped-def] # noqa: ANN202
    return Build.objects.filter(state__in=states).listed()


def _reasons(builds: Iterable[Build]) -> list[Waiting]:
    """Each with its reason, which asks the database: so the same question is put once."""
    known: dict[object, str] = {}
    found = []
    for place, build in enumerate(builds):
        alike = build.pk if build.slot is not None else (build.state, *build.labels, build.due)
        if alike not in known:
            known[alike] = why_waiting(build) if place < _EXPLAINED else _BEHIND
            found.append(Waiting(build, known[alike]))
        else:
            found.append(Waiting(build, known[alike] or _BEHIND))
    return found


def _machines() -> list[Machine]:
    now = timezone.now()
    # Not by joining builds: a worker may have run a hundred thousand, of which few are open.
    counted = Build.objects.filter(state=State.RUNNING).values_list("worker_id")
    running = dict(counted.annotate(Count("id")))
    found = []
    for worker in Worker.objects.filter(seen__gt=now - _FORGOTTEN):
        busy = running.get(worker.pk, 0)
        state, word = "passed", "at work" if busy else "idle"
        if now - worker.seen > SILENT:
            state, word = "failed", "silent"
        elif worker.stopping:
            state, word = "cancelled", "stopping"
        elif busy:
            state = "running"
        found.append(Machine(worker, state, word, busy))
    return found
