"""The log of a job in parts: lines, search, raw, download."""

import re
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.logs.blocks import Log, size
from fairlead.server.logs.read import read_bytes
from fairlead.server.logs.search import Found, search
from fairlead.server.store.models import Project
from fairlead.server.web.answer import show
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.loglines import attempt_log, fragment
from fairlead.server.web.pages.job import Head, find_head

HITS = 500
_PIECE = 1 << 20
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


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
    return _raw(request, _log(find_head(request, project, number, place)))


@require_safe
@admits_to_project(Scope.READ)
def download_log(
    request: HttpRequest, _actor: Actor, project: Project, number: int, place: int
) -> HttpResponseBase:
    """The same as a file."""
    response = _raw(request, _log(find_head(request, project, number, place)))
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


def _raw(request: HttpRequest, log: Log) -> HttpResponseBase:
    total = size(log)
    asked = read_range(request.headers.get("Range", ""), total)
    if asked == (0, 0) and total:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    begin, end = asked or (0, total)
    response = StreamingHttpResponse(_pieces(log, begin, end), status=206 if asked else 200)
    for name, value in _RAW.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(end - begin)
    if asked:
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{total}"
    return response


_RAW = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
}


def read_range(header: str, total: int) -> tuple[int, int] | None:
    """The bytes that a ``Range`` asks for (RFC 9110, 14), the end not included.

    ``None`` is for all of them, also where several ranges are asked for, and ``(0, 0)`` for none
    that there are.
    """
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        count = min(int(found[2]), total)
        return (total - count, total) if count else (0, 0)
    begin = int(found[1])
    end = min(int(found[2]) + 1, total) if found[2] else total
    return (begin, end) if begin < end else (0, 0)


def _pieces(log: Log, begin: int, end: int) -> Iterator[bytes]:
    """Big pieces: each costs a switch between threads."""
    waiting: list[bytes] = []
    held = 0
    for piece in read_bytes(log, begin, end - begin):
        waiting.append(piece)
        held += len(piece)
        if held >= _PIECE:
            yield b"".join(waiting)
            waiting, held = [], 0
    if waiting:
        yield b"".join(waiting)
