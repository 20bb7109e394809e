"""Logs of attempts: bytes, lines, and search over all of them."""

from collections.abc import Iterator
from typing import Annotated

from django.conf import settings
from django.http.response import HttpResponseBase
from ninja import Query, Router

from fairlead.server.access import Scope
from fairlead.server.api.bodies import (
    LARGEST,
    AttemptNumber,
    Limit,
    Name,
    Number,
    Offset,
    Place,
)
from fairlead.server.api.found import attempt_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.routes.jobs import JOB
from fairlead.server.api.sending import send_bytes
from fairlead.server.api.shapes.below import Hit, Line, Lines
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.logs.blocks import Log, count_lines, size
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.read import lines, read_bytes
from fairlead.server.logs.screen import plain
from fairlead.server.logs.search import LONGEST_QUERY, search
from fairlead.server.storage import open_storage
from fairlead.server.store.livelogs import open_log
from fairlead.server.store.models import Attempt

router = Router(tags=["Logs"])

MOST_LINES = 2000
_TRIES = 3
_BLOCKS = 64


@route(
    router,
    "GET",
    JOB + "/log",
    scope=Scope.READ,
    returns="text/plain",
    also=(416,),
)
def get_log(
    request: Request, name: Name, number: Number, place: Place, attempt: AttemptNumber
) -> HttpResponseBase:
    """Send a log as the job wrote it, or with a `Range` header a part of it.

    The log of a job that runs is sent as far as it goes.
    """
    found = attempt_of(request, name, number, place, attempt)
    whole = size(_open(found.pk))
    # What is in one file never changes; a log that grows has no tag.
    tag = f'"log-{found.pk}-{whole}"' if found.log else ""

    def read(offset: int, count: int) -> Iterator[bytes]:
        return _pieces(found.pk, offset, count)

    return send_bytes(request, read, whole, media_type="text/plain; charset=utf-8", tag=tag)


@route(router, "GET", JOB + "/log/lines", scope=Scope.READ, returns=Lines)
def list_log_lines(
    request: Request,
    *,
    name: Name,
    number: Number,
    place: Place,
    attempt: AttemptNumber,
    first: Annotated[int, Query(1, ge=1, le=LARGEST, description="The first line, from 1.")],
    last: Annotated[
        int | None, Query(None, ge=1, le=LARGEST, description="The last line, included.")
    ],
) -> Lines:
    """Show lines of a log without colours, at most 2,000 of them."""
    log = _open(attempt_of(request, name, number, place, attempt).pk)
    end = first + MOST_LINES - 1
    shown = lines(log, first, end if last is None else min(last, end))
    items = (
        Line(
            number=line.number,
            text=plain(line.data.decode("utf-8", "replace")),
            missing=line.missing,
        )
        for line in shown
    )
    return Lines(items=tuple(items), total=count_lines(log), size=size(log))


@route(router, "GET", JOB + "/log/search", scope=Scope.READ, returns=Listing[Hit])
def search_log(
    request: Request,
    *,
    name: Name,
    number: Number,
    place: Place,
    attempt: AttemptNumber,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, description="What to find.")],
    offset: Offset,
    limit: Limit,
    ignore_case: bool = False,
) -> Listing[Hit]:
    """Search a whole log, as it is shown.

    A page may hold few hits, or none, and still have a `next`: it then goes on there.
    """
    log = _open(attempt_of(request, name, number, place, attempt).pk)
    found = search(log, q, ignore_case=ignore_case, offset=offset, limit=limit, blocks=_BLOCKS)
    hits = (Hit(line=hit.line, text=hit.text, begin=hit.begin, end=hit.end) for hit in found.hits)
    return Listing(items=tuple(hits), next=next_url(request, "offset", found.next))


def _open(attempt_id: int) -> Log:
    storage = open_storage(settings.FAIRLEAD)
    try:
        return open_log(attempt_id, storage)
    except LogMissing:
        return open_log(attempt_id, storage)


def _pieces(attempt_id: int, offset: int, count: int) -> Iterator[bytes]:
    """Bytes of a log that may become a file while it is read."""
    end = offset + count
    for left in reversed(range(_TRIES)):
        try:
            for piece in read_bytes(_open(attempt_id), offset, end - offset):
                offset += len(piece)
                yield piece
        except LogMissing:
            if not left or not Attempt.objects.filter(pk=attempt_id).exists():
                raise
        else:
            return
