"""How a function becomes a route: its scope, its schema and its answer, told in one place."""

import functools
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from fairlead.server.access import Scope
from fairlead.server.api.guard import Request, allow

V = TypeVar("V", bound=Callable[..., object])


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the OpenAPI document says of a route; ``returns`` is a type, or a media type."""

    status: int
    returns: Any
    problems: tuple[int, ...]
    scope: str
    words: str


routes: dict[str, Told] = {}
"""By operation id."""

_READ = (401, 403, 404, 422, 429, 503)
_WRITE = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def route(
    router: Router,
    method: str,
    path: str,
    *,
    scope: Scope | None,
    returns: Any = None,
    status: int = 200,
    also: tuple[int, ...] = (),
) -> Callable[[V], V]:
    """Serve ``path`` by a function whose name is the operation's id.

    ``scope`` is what whoever asks must have (``None``: they must only be known). Which project
    it must be for is looked at where the project is found. ``returns`` is the type of the answer,
    or the media type of bytes; ``also`` are further statuses of problems.
    """

    def wrap(view: V) -> V:
        @functools.wraps(view)
        def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return respond(request, view(request, *args, **kwargs), status)

        def permit(request: Request) -> bool:
            allow(request.actor, scope, request.actor.project_id, hidden="{" in path)
            return True

        name = view.__name__
        summary, _, description = (view.__doc__ or "").partition("\n")
        common = _READ if method == "GET" else _WRITE
        routes[name] = Told(
            status=status,
            returns=returns,
            problems=tuple(sorted({*common, *also})),
            scope=scope.value if scope else "",
            words=" ".join(description.split()),
        )
        router.api_operation(
            [method],
            path,
            operation_id=name,
            summary=summary.rstrip("."),
            response={status: None},
            auth=permit,  # looked at before what was sent is
        )(answer)
        return view

    return wrap


def respond(request: Request, value: object, status: int) -> HttpResponseBase:
    """A value as JSON, with a tag that tells whether it changed; responses go as they are."""
    if isinstance(value, HttpResponseBase):
        return value
    if value is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    body = msgspec.json.encode(value)
    if request.method != "GET" or status != HTTPStatus.OK:
        return HttpResponse(body, content_type="application/json", status=status)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if matches(request.headers.get("If-None-Match", ""), tag):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        del response["Content-Type"]
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = tag
    return response


def matches(header: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` header names ``tag`` (RFC 9110: compared weakly)."""
    named = (word.strip().removeprefix("W/") for word in header.split(","))
    return any(word in ("*", tag) for word in named)
