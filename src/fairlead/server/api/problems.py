"""Every error as ``application/problem+json`` (RFC 9457)."""

import logging
from http import HTTPStatus

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError

from fairlead.errors import Conflict, FairleadError, NotFound, StoreError
from fairlead.server.logs.errors import LogMissing

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One value that cannot be used: where it was given, as ``query.limit``, and why."""

    where: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: ``title`` names the status, ``detail`` says it, ``hint`` what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""
    errors: tuple[Detail, ...] = ()


class Refused(Exception):
    """A request that ends with a status of its own, before anything was done."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


# The first class that fits decides.
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (LogMissing, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (FairleadError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


def problem(
    status: int, detail: str = "", *, hint: str = "", errors: tuple[Detail, ...] = ()
) -> HttpResponse:
    """A response that says what is wrong."""
    known = HTTPStatus(status)
    said = Problem(
        title=known.phrase,
        status=known.value,
        detail=detail or known.description or known.phrase,
        hint=hint,
        errors=errors,
    )
    return HttpResponse(encode_text(said), content_type=MEDIA_TYPE, status=known.value)


def encode_text(value: object) -> bytes:
    """JSON, also where a text that somebody sent us holds what UTF-8 cannot."""
    from fairlead.model import encode

    return encode(value)


def of_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    """The response to whatever a route raised; what nobody foresaw is logged."""
    if isinstance(error, Refused):
        response = problem(error.status, error.detail)
        if error.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="fairlead"'
        return response
    if isinstance(error, FairleadError):
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return problem(status, error.message, hint=error.hint)
    if isinstance(error, ValidationError):
        errors = tuple(_detail(one) for one in error.errors)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _summary(errors), errors=errors)
    if isinstance(error, HttpError):
        return problem(error.status_code, error.message)
    return _of_django(request, error)


def _of_django(request: HttpRequest, error: Exception) -> HttpResponse:
    if isinstance(error, Http404):
        return problem(HTTPStatus.NOT_FOUND)
    if isinstance(error, RequestDataTooBig):
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, SuspiciousOperation):
        return problem(HTTPStatus.BAD_REQUEST)
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("%s %s: the database is away: %s", request.method, request.path, error)
        response = problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database is away; try again")
        response["Retry-After"] = "5"
        return response
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Fairlead failed; its log says why")


def _detail(one: dict[str, object]) -> Detail:
    place = one.get("loc")
    parts = [str(part) for part in place] if isinstance(place, tuple | list) else []
    return Detail(where=".".join(parts), message=str(one.get("msg", "")))


def _summary(errors: tuple[Detail, ...]) -> str:
    return "; ".join(f"{one.where}: {one.message}" for one in errors[:3])
