"""What waits and runs, and who runs it."""

from collections import defaultdict
from datetime import timedelta

from django.utils import timezone
from ninja import Router

from fairlead.server.access import Scope
from fairlead.server.api.bodies import After, Before, Limit
from fairlead.server.api.found import everything
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.builds import Build, build_shapes
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.api.shapes.rest import Worker, worker_shape
from fairlead.server.store import models
from fairlead.server.store.pages import newest, oldest
from fairlead.server.store.waiting import SILENT

router = Router(tags=["Queue"])

_GONE = timedelta(days=1)


@route(router, "GET", "/queue", scope=Scope.READ, returns=Listing[Build])
def list_queue(request: Request, after: After, limit: Limit) -> Listing[Build]:
    """List builds that have no verdict yet, the oldest first, with what each waits for."""
    rows = models.Build.objects.listed().filter(state__in=models.OPEN)
    if request.actor.project_id is not None:
        rows = rows.filter(project_id=request.actor.project_id)
    page = oldest(rows, after=after, count=limit)
    return Listing(
        items=build_shapes(page.items, request), next=next_url(request, "after", page.older)
    )


@route(router, "GET", "/workers", scope=Scope.READ, returns=Listing[Worker])
def list_workers(request: Request, before: Before, limit: Limit) -> Listing[Worker]:
    """List workers that were heard of within a day, with the builds they run."""
    everything(request, Scope.READ)
    now = timezone.now()
    rows = models.Worker.objects.filter(seen__gt=now - _GONE)
    page = newest(rows, before=before, count=limit)
    running: dict[int | None, list[models.Build]] = defaultdict(list)
    under_way = models.Build.objects.listed().filter(
        worker__in=page.items, state=models.State.RUNNING
    )
    for build in under_way.order_by("id"):
        running[build.worker_id].append(build)
    return Listing(
        items=tuple(worker_shape(one, now - SILENT, running[one.pk]) for one in page.items),
        next=next_url(request, "before", page.older),
    )
