"""Files that jobs left."""

from collections.abc import Iterator

from django.conf import settings
from django.http.response import HttpResponseBase
from ninja import Router

from fairlead.errors import NotFound
from fairlead.server.access import Scope
from fairlead.server.api.bodies import After, Id, Limit, Name, Number
from fairlead.server.api.files import attachment
from fairlead.server.api.found import build_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.sending import send_bytes
from fairlead.server.api.shapes.below import Artifact, artifact_shape
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.logs.errors import LogMissing
from fairlead.server.storage import open_storage
from fairlead.server.store import models
from fairlead.server.store.pages import oldest

router = Router(tags=["Artifacts"])

_PIECE = 1 << 20


@route(
    router,
    "GET",
    "/projects/{name}/builds/{number}/artifacts",
    scope=Scope.READ,
    returns=Listing[Artifact],
)
def list_artifacts(
    request: Request, name: Name, number: Number, after: After, limit: Limit
) -> Listing[Artifact]:
    """List the files that the jobs of a build left."""
    build = build_of(request, name, number)
    rows = models.Artifact.objects.filter(job__build=build).select_related("job")
    rows = rows.only("path", "size", "expires", "job__key", "job__place")
    page = oldest(rows, after=after, count=limit)
    return Listing(
        items=tuple(artifact_shape(artifact, request) for artifact in page.items),
        next=next_url(request, "after", page.older),
    )


@route(
    router,
    "GET",
    "/artifacts/{artifact_id}",
    scope=Scope.READ,
    returns="application/octet-stream",
    also=(416,),
)
def get_artifact(request: Request, artifact_id: Id) -> HttpResponseBase:
    """Send a file that a job left, or with a `Range` header a part of it."""
    rows = models.Artifact.objects.filter(pk=artifact_id)
    if request.actor.project_id is not None:
        rows = rows.filter(job__build__project_id=request.actor.project_id)
    artifact = rows.first()
    if artifact is None:
        raise NotFound(f"there is no artifact {artifact_id}")
    storage = open_storage(settings.FAIRLEAD)
    whole = storage.size(artifact.key)

    def read(offset: int, count: int) -> Iterator[bytes]:
        end = offset + count
        while offset < end:
            piece = storage.read(artifact.key, offset, min(_PIECE, end - offset))
            if not piece:
                raise LogMissing(f"the stored file {artifact.key} became shorter")
            offset += len(piece)
            yield piece

    tag = f'"artifact-{artifact.pk}-{whole}"'
    response = send_bytes(request, read, whole, media_type="application/octet-stream", tag=tag)
    response["Content-Disposition"] = attachment(artifact.path)
    return response
