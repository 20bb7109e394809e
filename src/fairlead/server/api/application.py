"""The API as ninja serves it: its routers, its parser, its errors."""

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.parser import Parser

from fairlead.server.api.guard import guarded
from fairlead.server.api.problems import of_exception, problem
from fairlead.server.api.routes import (
    artifacts,
    builds,
    deliveries,
    deployments,
    jobs,
    logs,
    me,
    projects,
    queue,
    releases,
    secrets,
    tokens,
)
from fairlead.util.decoding import from_json

BASE = "/api/v1"

_ROUTERS = (
    me,
    tokens,
    projects,
    builds,
    jobs,
    logs,
    artifacts,
    deliveries,
    queue,
    secrets,
    releases,
    deployments,
)


class _Strict(Parser):
    """JSON by the book: no NaN, no lone surrogates, no bottomless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return from_json(request.body, object)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise HttpError(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error


class Api(NinjaAPI):
    """All errors of it are problems."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        """Answer to what a route, or the reading of its parameters, raised."""
        return of_exception(request, exc)


def make_api() -> Api:
    """The API with all routers."""
    api = Api(
        title="Fairlead",
        version="1",
        urls_namespace="api",
        parser=_Strict(),
        docs_url=None,
        openapi_url=None,
    )
    for module in _ROUTERS:
        api.add_router("", module.router)
    return api


def patterns(api: Api) -> list[URLPattern]:
    """The API's addresses below ``BASE``; whatever else is asked for there is a problem too."""
    every = (pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern))
    found = [pattern for pattern in every if pattern.name != "api-root"]
    for pattern in found:
        pattern.callback = guarded(pattern.callback)
    return [*found, re_path("", guarded(_missing))]


def _missing(request: HttpRequest) -> HttpResponseBase:
    return problem(HTTPStatus.NOT_FOUND, f"the API has nothing at {request.path[:200]}")
