"""Builds: listed, asked for, cancelled, repeated, approved, pinned."""

from ninja import Router

from fairlead.errors import Conflict
from fairlead.server.access import Scope
from fairlead.server.api.bodies import (
    Before,
    Cancel,
    Limit,
    Name,
    NewBuild,
    Number,
    Pin,
    Retry,
    States,
    Text,
)
from fairlead.server.api.found import build_of, project_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.builds import (
    Build,
    BuildWithJobs,
    build_shape,
    build_shapes,
    with_jobs,
)
from fairlead.server.api.shapes.jobs import job_shapes
from fairlead.server.api.shapes.order import Order, order_shape
from fairlead.server.api.shapes.page import Link, Listing, next_url
from fairlead.server.api.shapes.projects import clone_url
from fairlead.server.services import builds
from fairlead.server.store import models
from fairlead.server.store.builds import BuildQuerySet
from fairlead.server.store.pages import newest

router = Router(tags=["Builds"])

_ONE = "/projects/{name}/builds/{number}"


@route(router, "GET", "/builds", scope=Scope.READ, returns=Listing[Build])
def list_builds(
    request: Request,
    *,
    before: Before,
    limit: Limit,
    state: States,
    project: Text = "",
    branch: Text = "",
    commit: Text = "",
) -> Listing[Build]:
    """List builds of all projects, the newest first."""
    rows = models.Build.objects.listed()
    if request.actor.project_id is not None:
        rows = rows.filter(project_id=request.actor.project_id)
    if project:
        rows = rows.filter(project__name=project)
    return _listed(request, _chosen(rows, state, branch, commit), before, limit)


@route(router, "GET", "/projects/{name}/builds", scope=Scope.READ, returns=Listing[Build])
def list_project_builds(
    request: Request,
    *,
    name: Name,
    before: Before,
    limit: Limit,
    state: States,
    branch: Text = "",
    commit: Text = "",
) -> Listing[Build]:
    """List builds of a project, the newest first."""
    rows = models.Build.objects.listed().filter(project=project_of(request, name))
    return _listed(request, _chosen(rows, state, branch, commit), before, limit)


@route(
    router,
    "POST",
    "/projects/{name}/builds",
    scope=Scope.BUILD,
    returns=Build,
    status=201,
)
def create_build(request: Request, name: Name, body: NewBuild | None = None) -> Build:
    """Ask for a build.

    Of the tip of a branch or a tag, or of a commit; of the default branch where none is named.
    """
    from fairlead.server.services.manual import start

    wanted = body or NewBuild()
    build = start(
        project_of(request, name),
        branch=wanted.branch,
        tag=wanted.tag,
        commit=wanted.commit,
        parameters=wanted.parameters,
        jobs=wanted.jobs,
        labels=wanted.labels,
        priority=wanted.priority,
        due=wanted.due,
        event="api",
        author=request.actor.name,
    )
    return build_shape(build, request)


@route(router, "GET", _ONE, scope=Scope.READ, returns=BuildWithJobs)
def get_build(request: Request, name: Name, number: Number) -> BuildWithJobs:
    """Show a build with its jobs, their attempts and steps."""
    build = build_of(request, name, number)
    jobs = models.Job.objects.filter(build=build).defer("result").order_by("place")
    return with_jobs(build, job_shapes(jobs), request)


@route(router, "POST", _ONE + "/cancel", scope=Scope.BUILD, returns=Build)
def cancel_build(request: Request, name: Name, number: Number, body: Cancel | None = None) -> Build:
    """Cancel a build that has no verdict yet.

    One that runs is told to end, and is cancelled when it has.
    """
    build = build_of(request, name, number)
    if not builds.cancel(build, (body or Cancel()).reason):
        raise Conflict(f"build {build} has its verdict already")
    return build_shape(build_of(request, name, number), request)


@route(router, "POST", _ONE + "/retry", scope=Scope.BUILD, returns=Build, status=201)
def retry_build(request: Request, name: Name, number: Number, body: Retry | None = None) -> Build:
    """Build the same commit again, as a new build: all jobs, some, or those that did not pass."""
    wanted = body or Retry()
    build = build_of(request, name, number)
    return build_shape(builds.restart(build, only=wanted.jobs, failed=wanted.failed), request)


@route(router, "POST", _ONE + "/approve", scope=Scope.BUILD, returns=Build)
def approve_build(request: Request, name: Name, number: Number) -> Build:
    """Let a build run that waits for approval."""
    build = build_of(request, name, number)
    if not builds.approve(build):
        raise Conflict(f"build {build} does not wait for approval")
    return build_shape(build_of(request, name, number), request)


@route(router, "POST", _ONE + "/pin", scope=Scope.BUILD, returns=Build)
def pin_build(request: Request, name: Name, number: Number, body: Pin | None = None) -> Build:
    """Keep a build whatever its age, or no longer."""
    builds.pin(build_of(request, name, number), pinned=(body or Pin()).pinned)
    return build_shape(build_of(request, name, number), request)


@route(router, "GET", _ONE + "/stream", scope=Scope.READ, returns=Link)
def get_build_stream(request: Request, name: Name, number: Number) -> Link:
    """Give an address at which a build's changes are told as they happen.

    It answers with server-sent events and holds for twelve hours, without any other token.
    """
    from fairlead.server.streams.tokens import stream_path

    return Link(url=stream_path("build", build_of(request, name, number).pk))


@route(router, "GET", _ONE + "/order", scope=Scope.READ, returns=Order)
def get_build_order(request: Request, name: Name, number: Number) -> Order:
    """Give all that is needed to run a build again elsewhere."""
    rows = models.Build.objects.select_related("project").defer("result")
    build = build_of(request, name, number, rows)
    fields = ("key", "place", "interpreter", "environment", "result")
    jobs = models.Job.objects.filter(build=build).only(*fields).order_by("place")
    return order_shape(build, list(jobs), clone_url(build.project, request))


def _chosen(
    rows: BuildQuerySet, state: list[models.State] | None, branch: str, commit: str
) -> BuildQuerySet:
    if state:
        rows = rows.filter(state__in=state)
    if branch:
        rows = rows.filter(branch=branch)
    return rows.filter(commit=commit) if commit else rows


def _listed(
    request: Request, rows: BuildQuerySet, before: int | None, limit: int
) -> Listing[Build]:
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=build_shapes(page.items, request), next=next_url(request, "before", page.older)
    )
