"""What comes before and after every route: who asks, how often, and whether by their own wish."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers

from fairlead.server.access import Actor, Scope, actor_of
from fairlead.server.api.limits import Left, Limiter
from fairlead.server.api.problems import Refused, of_exception, problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

limiter = Limiter()

View = Callable[..., HttpResponseBase]


class Request(HttpRequest):
    """A request of which is known who sent it."""

    actor: Actor
    bodiless: bool
    """Asked for with HEAD."""


class _Csrf(CsrfViewMiddleware):
    def _reject(self, _request: HttpRequest, reason: str) -> Any:
        return reason


def guarded(view: View) -> View:
    """A route's view with what holds for all of them; CSRF is looked at here, not by Django."""

    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        left = None
        try:
            request.actor = actor_of(request)
            left = _take(request)
            if left and left.wait:
                return _finish(_too_many(left), left)
            _check_intent(request)
        except Exception as error:  # noqa: BLE001 — a database that is away, say
            return _finish(of_exception(request, error), left)
        request.bodiless = request.method == "HEAD"
        if request.bodiless:
            request.method = "GET"
        response = view(request, *args, **kwargs)
        if request.bodiless:
            request.method = "HEAD"
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response = _with_allow(response)
        return _finish(response, left)

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def allow(
    actor: Actor, scope: Scope | None, project_id: int | None, *, hidden: bool = False
) -> None:
    """Raises ``Refused`` where an actor may not; with scope ``None`` whoever is known may.

    ``project_id`` is that of the project it is about, ``None`` for all. What is ``hidden`` is
    said not to be there to those who may not see it.
    """
    if actor.known if scope is None else actor.may(scope, project_id):
        return
    if not actor.known:
        raise Refused(HTTPStatus.UNAUTHORIZED, "say who you are: Authorization: Bearer <token>")
    if hidden and not actor.may(Scope.READ, project_id):
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here that you may see")
    raise Refused(HTTPStatus.FORBIDDEN, f"{actor.name} may not do this: it needs scope {scope}")


def _take(request: Request) -> Left | None:
    limit = settings.FAIRLEAD.rate_limit
    if limit <= 0:
        return None
    actor = request.actor
    if actor.token_id:
        return limiter.take(f"token {actor.token_id}", limit)
    if actor.user_id:
        return limiter.take(f"user {actor.user_id}", limit)
    return limiter.take(f"address {request.META.get('REMOTE_ADDR', '')}", limit)


def _check_intent(request: Request) -> None:
    """A browser sends its session with what another site wrote; a token it does not."""
    by_session = request.actor.user_id and not request.actor.token_id
    if not by_session or request.method in _SAFE:
        return
    _ = request.body  # A form is looked into for the token; the body must still be there after.
    check = _Csrf(lambda _request: HttpResponse())
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    check.process_request(request)
    if check.process_view(request, HttpResponse, (), {}):
        raise Refused(HTTPStatus.FORBIDDEN, "a session needs its CSRF token: X-CSRFToken")


def _too_many(left: Left) -> HttpResponse:
    said = f"at most {left.limit} requests a minute; wait {left.wait} s"
    response = problem(HTTPStatus.TOO_MANY_REQUESTS, said)
    response["Retry-After"] = str(left.wait)
    return response


def _with_allow(refused: HttpResponseBase) -> HttpResponse:
    response = problem(HTTPStatus.METHOD_NOT_ALLOWED)
    response["Allow"] = refused.get("Allow", "")
    return response


def _finish(response: HttpResponseBase, left: Left | None) -> HttpResponseBase:
    if left:
        response["RateLimit-Limit"] = str(left.limit)
        response["RateLimit-Remaining"] = str(left.remaining)
        response["RateLimit-Reset"] = str(left.reset)
    response.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ("Authorization", "Cookie"))
    return response
