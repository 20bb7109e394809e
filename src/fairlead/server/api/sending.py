"""Bytes of any number as a response: a part of them, in pieces, at the reader's own speed."""

from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.db import connections
from django.http import StreamingHttpResponse
from django.http.response import HttpResponse, HttpResponseBase

from fairlead.server.api.guard import Request
from fairlead.server.api.problems import problem
from fairlead.server.api.ranges import OutOfRange, Span, parse_range

_PIECE = 256 << 10

Read = Callable[[int, int], Iterator[bytes]]
"""Reads so many bytes (second) from an offset (first) on, in pieces of any size."""


def send_bytes(
    request: Request, read: Read, size: int, *, media_type: str, tag: str = ""
) -> HttpResponseBase:
    """All ``size`` bytes, or the range that is asked for (RFC 9110); 416 where it is not there.

    ``tag`` names content that never changes. No connection to the database is held while a
    reader is slow.
    """
    try:
        span = _span(request, size, tag)
    except OutOfRange:
        refused = problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"there are {size} bytes")
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    if tag and _known(request, tag):
        response: HttpResponseBase = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        del response["Content-Type"]
    else:
        response = _answer(request, read, span or Span(0, size))
        response["Content-Type"] = media_type
        response["Content-Length"] = str(span.size if span else size)
    if span and response.status_code == HTTPStatus.OK:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        last = span.offset + span.size - 1
        response["Content-Range"] = f"bytes {span.offset}-{last}/{size}"
    if tag:
        response["ETag"] = tag
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _span(request: Request, size: int, tag: str) -> Span | None:
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range", "")
    if not header or (condition and condition != tag):
        return None
    return parse_range(header, size)


def _known(request: Request, tag: str) -> bool:
    from fairlead.server.api.route import matches

    return matches(request.headers.get("If-None-Match", ""), tag)


def _answer(request: Request, read: Read, span: Span) -> HttpResponseBase:
    if request.bodiless or not span.size:
        return HttpResponse()
    # `serving.pages` takes piece after piece in its threads, as the reader takes them.
    return StreamingHttpResponse(_released(_gathered(read(span.offset, span.size))))


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Fewer, larger pieces: each costs a switch between threads."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _released(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        connections.close_all()
        yield piece
