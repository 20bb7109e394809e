"""The log of a job in parts: lines, search, raw, download."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.api.ranges import OutOfRange, Span, parse_range
from fairlead.server.logs.blocks import Log, size
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.read import read_bytes
from fairlead.server.logs.search import Found, search
from fairlead.server.store.models import Project
from fairlead.server.web.answer import show
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.loglines import attempt_log, fragment
from fairlead.server.web.pages.job import Head, find_head

HITS = 500
_PIECE = 256 << 10


@require_safe
@admits_to_project(Scope.READ)
def show_lines(
    request: HttpRequest, _actor: Actor, project: Project, number: int, place: int
) -> HttpResponse:
    """Lines ``first`` to ``last`` as rows, a thousand at most."""
    log = _log(find_head(request, project, number, place))
    return HttpResponse(
        fragment(log, _number(request, "first", 1), _number(request, "last", 500)).html
    )


@require_safe
@admits_to_project(Scope.READ)
def search_log(
    request: HttpRequest, actor: Actor, project: Project, number: int, place: int
) -> HttpResponse:
    """Lines that hold ``q``, from byte ``offset`` on; as JSON where that is asked for."""
    head = find_head(request, project, number, place)
    words = request.GET.get("q", "")
    found = search(
        _log(head), words, ignore_case=True, offset=_number(request, "offset", 0), limit=HITS
    )
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(_told(found))
    return show(
        request, actor, "job-search.html", here="projects", head=head, found=found, words=words
    )


@require_safe
@admits_to_project(Scope.READ)
def raw_log(
    request: HttpRequest, _actor: Actor, project: Project, number: int, place: int
) -> HttpResponseBase:
    """All bytes as they were written, or a range of them."""
    return _raw(request, find_head(request, project, number, place))


@require_safe
@admits_to_project(Scope.READ)
def download_log(
    request: HttpRequest, _actor: Actor, project: Project, number: int, place: int
) -> HttpResponseBase:
    """The same as a file."""
    response = _raw(request, find_head(request, project, number, place))
    name = f"{project.name}-{number}-{place}.log"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _log(head: Head) -> Log:
    if head.attempt is None:
        raise Http404("this job has no log yet")
    return attempt_log(head.attempt.pk)


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else default  # noqa: PLR2004


def _told(found: Found) -> dict[str, object]:
    hits = [[hit.line, hit.text, hit.begin, hit.end] for hit in found.hits]
    return {"hits": hits, "next": found.next}


def _raw(request: HttpRequest, head: Head) -> HttpResponseBase:
    log = _log(head)
    attempt = head.attempt.pk if head.attempt else 0
    total = size(log)
    try:
        asked = parse_range(request.headers.get("Range", ""), total)
    except OutOfRange:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    span = asked or Span(0, total)
    end = span.offset + span.size
    response = StreamingHttpResponse(_pieces(attempt, log, span), status=206 if asked else 200)
    for name, value in _RAW.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(span.size)
    if asked:
        response.headers["Content-Range"] = f"bytes {span.offset}-{end - 1}/{total}"
    return response


_RAW = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
}


def _pieces(attempt: int, log: Log, span: Span) -> Iterator[bytes]:
    """Big pieces: each costs a switch between threads."""
    waiting: list[bytes] = []
    held = 0
    for piece in _bytes(attempt, log, span.offset, span.offset + span.size):
        waiting.append(piece)
        held += len(piece)
        if held >= _PIECE:
            yield b"".join(waiting)
            waiting, held = [], 0
    if waiting:
        yield b"".join(waiting)


def _bytes(attempt: int, log: Log, offset: int, end: int) -> Iterator[bytes]:
    """The bytes of a log, which may move from its chunks into a file meanwhile."""
    try:
        for piece in read_bytes(log, offset, end - offset):
            offset += len(piece)
            yield piece
    except LogMissing:
        yield from read_bytes(attempt_log(attempt), offset, end - offset)
