"""Webhooks and pushes that reached a project."""

from ninja import Router

from fairlead.errors import NotFound
from fairlead.server.access import Scope
from fairlead.server.api.bodies import Before, Id, Limit, Name
from fairlead.server.api.found import project_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.api.shapes.rest import Delivery, delivery_shape
from fairlead.server.services import deliveries
from fairlead.server.store import models
from fairlead.server.store.pages import newest

router = Router(tags=["Deliveries"])

_HEAVY = ("body", "wanted", "headers", "build__plan", "build__result", "build__trigger")


@route(
    router,
    "GET",
    "/projects/{name}/deliveries",
    scope=Scope.READ,
    returns=Listing[Delivery],
)
def list_deliveries(
    request: Request, name: Name, before: Before, limit: Limit
) -> Listing[Delivery]:
    """List webhooks and pushes, the newest first, with what became of each."""
    rows = models.Delivery.objects.filter(project=project_of(request, name))
    rows = rows.select_related("build").defer(*_HEAVY)
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=tuple(delivery_shape(one) for one in page.items),
        next=next_url(request, "before", page.older),
    )


@route(
    router,
    "POST",
    "/projects/{name}/deliveries/{delivery_id}/replay",
    scope=Scope.ADMIN,
    returns=Delivery,
    status=201,
)
def replay_delivery(request: Request, name: Name, delivery_id: Id) -> Delivery:
    """Take a delivery again, as if it had just come."""
    project = project_of(request, name)
    found = models.Delivery.objects.filter(project=project, pk=delivery_id).first()
    if found is None:
        raise NotFound(f"there is no delivery {delivery_id} of project {project}")
    return delivery_shape(deliveries.replay(found))
