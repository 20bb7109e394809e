"""``/internal/secrets/<build id>``: where workers on other hosts get a build's secrets.

``/internal/secrets/deployment/<id>`` has those of a deployment.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from fairlead.errors import FairleadError
from fairlead.model import encode
from fairlead.server.access import Scope, actor_of_header
from fairlead.server.secrets.reading import of_running_build, of_running_deployment

log = logging.getLogger(__name__)


@never_cache
@require_GET
def secrets(request: HttpRequest, build: int) -> HttpResponse:
    """Values by name, as JSON, for a trusted build that runs and a token of scope WORKER."""
    return _answer(
        request,
        f"build {build}",
        lambda: of_running_build(settings.FAIRLEAD, build),
        "no such build runs, or it is not trusted",
    )


@never_cache
@require_GET
def deployment_secrets(request: HttpRequest, deployment: int) -> HttpResponse:
    """The same for a deployment under way: what its environment names."""
    return _answer(
        request,
        f"deployment {deployment}",
        lambda: of_running_deployment(settings.FAIRLEAD, deployment),
        "no such deployment runs",
    )


def _answer(
    request: HttpRequest, what: str, find: Callable[[], dict[str, str] | None], none: str
) -> HttpResponse:
    actor = actor_of_header(request.headers.get("Authorization", ""))
    if actor is None or not actor.may(Scope.WORKER):
        return HttpResponseForbidden("a token with scope worker is needed")
    try:
        found = find()
    except FairleadError as error:
        log.warning("secrets for %s: %s", what, error)
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    if found is None:
        return HttpResponseNotFound(none)
    return HttpResponse(encode(found), content_type="application/json")
