"""``/internal/secrets/<build id>``: where workers on other hosts get a build's secrets."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from fairlead.errors import FairleadError
from fairlead.model import encode
from fairlead.server.access import Scope, actor_of_header
from fairlead.server.secrets.reading import of_running_build

log = logging.getLogger(__name__)


@never_cache
@require_GET
def secrets(request: HttpRequest, build: int) -> HttpResponse:
    """Values by name, as JSON, for a trusted build that runs and a token of scope WORKER."""
    actor = actor_of_header(request.headers.get("Authorization", ""))
    if actor is None or not actor.may(Scope.WORKER):
        return HttpResponseForbidden("a token with scope worker is needed")
    try:
        found = of_running_build(settings.FAIRLEAD, build)
    except FairleadError as error:
        log.warning("secrets for build %s: %s", build, error)
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    if found is None:
        return HttpResponseNotFound("no such build runs, or it is not trusted")
    return HttpResponse(encode(found), content_type="application/json")
