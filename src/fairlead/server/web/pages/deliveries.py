"""What webhooks and pushes brought, as it came, and taking it once more."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.store.models import Delivery, Project
from fairlead.server.store.pages import newest
from fairlead.server.store.recurrences import wanted
from fairlead.server.web.answer import show
from fairlead.server.web.filters import number_of
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.words import plain

_SHOWN = 32_000
_LARGEST = 1 << 62


@require_safe
@admits_to_project(Scope.ADMIN)
def show_deliveries(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """The newest first."""
    rows = Delivery.objects.filter(project=project).defer("body", "headers", "wanted")
    page = newest(
        rows.select_related("build").defer("build__plan", "build__result", "build__trigger"),
        before=number_of(request.GET, "before"),
    )
    return show(
        request,
        actor,
        "deliveries.html",
        here="projects",
        tab="deliveries",
        project=project,
        deliveries=page.items,
        older=page.older,
        recurrences=wanted(project),
    )


@require_safe
@admits_to_project(Scope.ADMIN)
def show_delivery(request: HttpRequest, actor: Actor, project: Project, key: int) -> HttpResponse:
    """One of them, with headers and body."""
    delivery = _find(project, key)
    body, cut = body_of(delivery)
    headers = delivery.headers if isinstance(delivery.headers, dict) else {}
    return show(
        request,
        actor,
        "delivery.html",
        here="projects",
        tab="deliveries",
        project=project,
        delivery=delivery,
        headers=[(plain(str(n)), plain(str(v))) for n, v in sorted(headers.items())],
        body=body,
        cut=cut,
        replayable=bool(delivery.wanted),
    )


@require_POST
@admits_to_project(Scope.ADMIN)
def replay(request: HttpRequest, actor: Actor, project: Project, key: int) -> HttpResponseRedirect:
    """Take it as if it came now."""
    from fairlead.server.services import deliveries

    del actor
    new = deliveries.replay(_find(project, key))
    if new.build is not None:
        messages.success(request, "Taken once more.")
        return HttpResponseRedirect(f"/p/{project.name}/{new.build.number}/")
    messages.info(request, f"Nothing was built of it: {new.reason or new.fate}.")
    return HttpResponseRedirect(f"/p/{project.name}/deliveries/{new.pk}/")


def body_of(delivery: Delivery) -> tuple[str, bool]:
    """The body as text, JSON indented, and whether it is only the beginning."""
    text = bytes(delivery.body).decode("utf-8", "replace")
    value: Any = None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list):
        text = json.dumps(value, indent=2, ensure_ascii=False)
    return plain(text[:_SHOWN]), len(text) > _SHOWN


def _find(project: Project, key: int) -> Delivery:
    rows = Delivery.objects.filter(project=project).select_related("project")
    found = rows.filter(pk=key).first() if key < _LARGEST else None
    if found is None:
        raise Http404("there is no such delivery")
    return found
