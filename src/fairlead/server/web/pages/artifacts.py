"""Files that jobs left for people, as downloads; a few harmless kinds are shown.

Jobs write what they like: a page among it must not act here as if it were ours.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from fairlead.errors import StoreError
from fairlead.server.access import Scope, actor_of
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import Storage
from fairlead.server.storage import open_storage
from fairlead.server.store.models import Artifact
from fairlead.server.web.answer import show_error
from fairlead.server.web.gate import turn_away

_PIECE = 1 << 20
_TEXT = "text/plain; charset=utf-8"
_SHOWN = dict.fromkeys((".txt", ".log", ".json", ".xml", ".csv", ".md"), _TEXT) | {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@require_safe
def download(request: HttpRequest, key: int, name: str) -> HttpResponseBase:
    """The bytes. The name in the address is for people; what counts is the key."""
    del name
    actor = actor_of(request)
    found = _find(key)
    if not actor.may(Scope.READ, found.job.build.project_id if found else None):
        return turn_away(request, actor)
    if found is None:
        raise Http404("there is no such artifact")
    storage = open_storage(settings.FAIRLEAD)
    try:
        size = storage.size(found.key)
    except LogMissing as error:
        raise Http404("there is no such artifact any more") from error
    except StoreError as error:
        return show_error(request, actor, error, status=503)
    file = PurePosixPath(found.path).name
    kind = _SHOWN.get(PurePosixPath(file).suffix.lower())
    response = StreamingHttpResponse(
        _pieces(storage, found.key, size), content_type=kind or "application/octet-stream"
    )
    response["Content-Length"] = str(size)
    disposition = content_disposition_header(as_attachment=kind is None, filename=file)
    response["Content-Disposition"] = disposition or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _find(key: int) -> Artifact | None:
    if key >= 1 << 62:
        return None
    rows = Artifact.objects.select_related("job__build")
    heavy = ("plan", "result", "trigger")
    return (
        rows.defer("job__result", *(f"job__build__{name}" for name in heavy)).filter(pk=key).first()
    )


def _pieces(storage: Storage, key: str, size: int) -> Iterator[bytes]:
    for offset in range(0, size, _PIECE):
        yield storage.read(key, offset, _PIECE)
