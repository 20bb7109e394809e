"""Environments and deployments: listed, asked for, agreed to, ended."""

from ninja import Router

from fairlead.errors import Conflict, NotFound
from fairlead.server.access import Scope
from fairlead.server.api.bodies import (
    After,
    Before,
    DeploymentStates,
    EnvironmentName,
    Limit,
    Name,
    NewDeployment,
    NewRollback,
    Number,
    Text,
)
from fairlead.server.api.found import project_of
from fairlead.server.api.guard import Request, allow
from fairlead.server.api.route import route
from fairlead.server.api.shapes.deployments import (
    DeployLine,
    Deployment,
    DeploymentWithPhases,
    Environment,
    EnvironmentWithFigures,
    deployment_shape,
    environment_shape,
    line_shape,
    with_figures,
    with_phases,
)
from fairlead.server.api.shapes.page import Link, Listing, next_url
from fairlead.server.services import deployments as service
from fairlead.server.services import looking, reviews
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.environments import named
from fairlead.server.store import models
from fairlead.server.store.models import DEPLOYMENT_OPEN
from fairlead.server.store.pages import newest

router = Router(tags=["Deployments"])

_ENVIRONMENT = "/projects/{name}/environments/{environment}"
_ONE = "/projects/{name}/deployments/{number}"


@route(
    router, "GET", "/projects/{name}/environments", scope=Scope.READ, returns=Listing[Environment]
)
def list_environments(request: Request, name: Name) -> Listing[Environment]:
    """List a project's environments, in the order of its pipeline file, then its reviews."""
    project = project_of(request, name)
    under_way = _under_way(project)
    rows = models.Environment.objects.listed().present().filter(project=project)
    items = (environment_shape(row, under_way.get(row.pk, ()), request) for row in rows)
    return Listing(items=tuple(items), next=None)


@route(router, "GET", _ENVIRONMENT, scope=Scope.READ, returns=EnvironmentWithFigures)
def get_environment(
    request: Request, name: Name, environment: EnvironmentName
) -> EnvironmentWithFigures:
    """Show an environment: what is live in it, its hosts, and how deploying to it goes."""
    project = project_of(request, name)
    row = named(project, environment)
    return with_figures(row, _under_way(project).get(row.pk, ()), request)


@route(
    router,
    "POST",
    _ENVIRONMENT + "/deployments",
    scope=Scope.DEPLOY,
    returns=Deployment,
    status=201,
)
def create_deployment(
    request: Request,
    name: Name,
    environment: EnvironmentName,
    body: NewDeployment | None = None,
) -> Deployment:
    """Deploy something: a release, a build, or what a branch, tag or commit stands for.

    What is not built or packaged yet is, and is waited for. Without any of these it is the newest
    that passed and may go there. ``force`` goes over the rules and needs the scope admin.
    """
    wanted = body or NewDeployment()
    project = project_of(request, name)
    if wanted.force:
        allow(request.actor, Scope.ADMIN, project.pk)
    what = Wanted(
        release=wanted.release,
        build=wanted.build,
        branch=wanted.branch or "",
        tag=wanted.tag or "",
        commit=wanted.commit or "",
    )
    wish = service.Wish(hosts=wanted.hosts, force=wanted.force)
    made = service.ask(named(project, environment), what, request.actor.name, wish)
    return deployment_shape(_deployment_of(request, name, made.number), request)


@route(
    router,
    "POST",
    _ENVIRONMENT + "/rollback",
    scope=Scope.DEPLOY,
    returns=Deployment,
    status=201,
)
def create_rollback(
    request: Request, name: Name, environment: EnvironmentName, body: NewRollback | None = None
) -> Deployment:
    """Go back to what was live before, or to a kept release that was live earlier."""
    wanted = body or NewRollback()
    row = named(project_of(request, name), environment)
    made = service.roll_back(row, request.actor.name, to=wanted.to)
    return deployment_shape(_deployment_of(request, name, made.number), request)


@route(router, "POST", _ENVIRONMENT + "/look", scope=Scope.BUILD, status=204)
def look_at_environment(request: Request, name: Name, environment: EnvironmentName) -> None:
    """Have the hosts asked what they serve; the environment tells soon after."""
    looking.look(named(project_of(request, name), environment))


@route(router, "POST", _ENVIRONMENT + "/remove", scope=Scope.DEPLOY, status=204)
def remove_review(request: Request, name: Name, environment: EnvironmentName) -> None:
    """Have a pull request's environment removed from its hosts; that comes back if it is reopened.

    The end of the pull request does so by itself.
    """
    reviews.end(named(project_of(request, name), environment), request.actor.name)


@route(router, "GET", "/projects/{name}/deployments", scope=Scope.READ, returns=Listing[Deployment])
def list_deployments(
    request: Request,
    *,
    name: Name,
    before: Before,
    limit: Limit,
    state: DeploymentStates,
    environment: Text = "",
) -> Listing[Deployment]:
    """List deployments of a project, the newest first."""
    rows = models.Deployment.objects.listed().filter(project=project_of(request, name))
    if state:
        rows = rows.filter(state__in=state)
    if environment:
        rows = rows.filter(environment__name=environment)
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=tuple(deployment_shape(one, request) for one in page.items),
        next=next_url(request, "before", page.older),
    )


@route(router, "GET", _ONE, scope=Scope.READ, returns=DeploymentWithPhases)
def get_deployment(request: Request, name: Name, number: Number) -> DeploymentWithPhases:
    """Show a deployment with its phases on each host."""
    row = _deployment_of(request, name, number)
    return with_phases(row, models.DeployPhase.objects.filter(deployment=row), request)


@route(router, "GET", _ONE + "/lines", scope=Scope.READ, returns=Listing[DeployLine])
def list_deployment_lines(
    request: Request, name: Name, number: Number, after: After, limit: Limit
) -> Listing[DeployLine]:
    """List what a deployment wrote, in order; ``after`` is the number of the last line known."""
    row = _deployment_of(request, name, number)
    rows = models.DeployLine.objects.filter(deployment=row).select_related("phase")
    found = list(rows.filter(number__gt=after or 0).order_by("number")[: limit + 1])
    more = found[limit - 1].number if len(found) > limit else None
    return Listing(
        items=tuple(line_shape(line) for line in found[:limit]),
        next=next_url(request, "after", more),
    )


@route(router, "POST", _ONE + "/approve", scope=Scope.DEPLOY, returns=Deployment)
def approve_deployment(request: Request, name: Name, number: Number) -> Deployment:
    """Agree to a deployment that waits for a second person: another than who asked for it."""
    row, actor = _deployment_of(request, name, number), request.actor
    service.approve(row, service.Asker(name=actor.name, person=actor.user_id is not None))
    return deployment_shape(_deployment_of(request, name, number), request)


@route(router, "POST", _ONE + "/cancel", scope=Scope.DEPLOY, returns=Deployment)
def cancel_deployment(request: Request, name: Name, number: Number) -> Deployment:
    """End a deployment. One that runs goes back to what was live before."""
    row = _deployment_of(request, name, number)
    if not service.cancel(row, request.actor.name):
        raise Conflict(f"{row} has ended already")
    return deployment_shape(_deployment_of(request, name, number), request)


@route(router, "GET", _ONE + "/stream", scope=Scope.READ, returns=Link)
def get_deployment_stream(request: Request, name: Name, number: Number) -> Link:
    """Give an address at which a deployment's changes are told as they happen."""
    from fairlead.server.streams.tokens import stream_path

    return Link(url=stream_path("deployment", _deployment_of(request, name, number).pk))


def _deployment_of(request: Request, name: str, number: int) -> models.Deployment:
    project = project_of(request, name)
    row = models.Deployment.objects.listed().filter(project=project, number=number).first()
    if row is None:
        raise NotFound(f"there is no deployment {number} of project {project}")
    return row


def _under_way(project: models.Project) -> dict[int, list[int]]:
    rows = models.Deployment.objects.filter(project=project, state__in=DEPLOYMENT_OPEN)
    found: dict[int, list[int]] = {}
    for environment, number in rows.order_by("id").values_list("environment_id", "number"):
        found.setdefault(environment, []).append(number)
    return found
