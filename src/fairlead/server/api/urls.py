"""Addresses below ``/api/v1/``."""

import functools
import json

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from fairlead.server.api.application import BASE, make_api, patterns
from fairlead.server.api.schema import document

api = make_api()


@functools.cache
def openapi() -> bytes:
    """The OpenAPI document as JSON."""
    return json.dumps(document(api, BASE), indent=1).encode()


@require_safe
def get_openapi(_request: HttpRequest) -> HttpResponse:
    """Send the OpenAPI document, to anybody: it is the same everywhere."""
    return HttpResponse(openapi(), content_type="application/json")


urlpatterns: list[URLPattern] = [path("openapi.json", get_openapi), *patterns(api)]
