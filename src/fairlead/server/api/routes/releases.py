"""Releases: listed, made, downloaded."""

from collections.abc import Iterator

from django.http.response import HttpResponseBase
from ninja import Router

from fairlead.errors import NotFound
from fairlead.server.access import Scope
from fairlead.server.api.bodies import Before, Limit, Name, NewRelease, Number
from fairlead.server.api.found import build_of, project_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.sending import send_bytes
from fairlead.server.api.shapes.deployments import Release, release_shape
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.services import releases
from fairlead.server.store import models
from fairlead.server.store.pages import newest

router = Router(tags=["Releases"])

_ONE = "/projects/{name}/releases/{number}"
_PIECE = 256 << 10


@route(router, "GET", "/projects/{name}/releases", scope=Scope.READ, returns=Listing[Release])
def list_releases(request: Request, name: Name, before: Before, limit: Limit) -> Listing[Release]:
    """List releases of a project, the newest first."""
    rows = models.Release.objects.listed().filter(project=project_of(request, name))
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=tuple(release_shape(one, request) for one in page.items),
        next=next_url(request, "before", page.older),
    )


@route(
    router,
    "POST",
    "/projects/{name}/releases",
    scope=Scope.DEPLOY,
    returns=Release,
    status=201,
)
def create_release(request: Request, name: Name, body: NewRelease) -> Release:
    """Have a release made of an ended build; the one there is, where it is there already."""
    build = build_of(request, name, body.build)
    made = releases.make(build, by=request.actor.name)
    return release_shape(releases.by_number(build.project, made.number), request)


@route(router, "GET", _ONE, scope=Scope.READ, returns=Release)
def get_release(request: Request, name: Name, number: Number) -> Release:
    """Show a release."""
    return release_shape(releases.by_number(project_of(request, name), number), request)


@route(
    router,
    "GET",
    _ONE + "/file",
    scope=Scope.READ,
    returns="application/octet-stream",
    also=(416,),
)
def get_release_file(request: Request, name: Name, number: Number) -> HttpResponseBase:
    """Send the file of a release."""
    from django.conf import settings

    from fairlead.server.storage import open_storage

    release = releases.by_number(project_of(request, name), number)
    if not release.key:
        raise NotFound(f"the file of {release} is not kept: it is {release.state}")
    storage, key = open_storage(settings.FAIRLEAD), release.key

    def read(offset: int, size: int) -> Iterator[bytes]:
        end = offset + size
        while offset < end and (piece := storage.read(key, offset, min(_PIECE, end - offset))):
            yield piece
            offset += len(piece)

    response = send_bytes(
        request,
        read,
        release.size,
        media_type="application/octet-stream",
        tag=f'"{release.sha256[:32]}"',
    )
    file = f"{release.project.name}-{release.version}.release"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
