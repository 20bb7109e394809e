"""One deployment: what came of it, its phases on each host, and what they wrote."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.links import deployment_path
from fairlead.server.services import deployments as service
from fairlead.server.store.models import (
    DeployLine,
    Deployment,
    DeploymentState,
    DeployPhase,
    Project,
)
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web import deploying
from fairlead.server.web.answer import show
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.words import one_line, plain

_LINES = 200
"""Lines of a phase that the page shows, the last ones."""
_NOTICES = 100


class Written(msgspec.Struct, frozen=True):
    """What a phase wrote; ``left_out`` lines came before these."""

    phase: DeployPhase
    lines: tuple[str, ...]
    left_out: int


def find_deployment(project: Project, number: int) -> Deployment:
    """A deployment by its number. Raises ``Http404``."""
    found = Deployment.objects.listed().filter(project=project, number=number).first()
    if found is None:
        raise Http404(f"project {project} has no deployment {number}")
    found.project = project
    return found


@require_safe
@admits_to_project(Scope.READ)
def show_deployment(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponse:
    """The page."""
    deployment = find_deployment(project, number)
    phases = list(DeployPhase.objects.filter(deployment=deployment))
    counted = dict(
        DeployLine.objects.filter(deployment=deployment, phase__isnull=False)
        .values_list("phase")
        .annotate(count=Count("id"))
        .order_by()
    )
    hosts = deployment.hosts or list(dict.fromkeys(one.host for one in phases if one.host))
    shown = [one_line(host) for host in hosts]
    notices = DeployLine.objects.filter(deployment=deployment, phase=None)
    return show(
        request,
        actor,
        "deployment.html",
        here="projects",
        tab="environments",
        stream="" if deployment.ended else stream_path("deployment", deployment.pk),
        project=project,
        deployment=deployment,
        waiting=deploying.why_waiting(deployment),
        sentence=(not deployment.ended and deploying.going_on(phases))
        or deploying.sentence_of(deployment),
        hosts=list(zip(deploying.shortened(shown), shown, strict=True)),
        grid=deploying.grid_of(phases, hosts, set(counted)),
        written=[_written(one, counted[one.pk]) for one in phases if one.pk in counted],
        notices=[(one.kind, plain(one.text)[:2000]) for one in notices[:_NOTICES]],
        live=[(plain(str(host)), plain(str(version))) for host, version in deployment.live],
        **_may(actor, project, deployment),
    )


@require_safe
@admits_to_project(Scope.READ)
def show_log(request: HttpRequest, actor: Actor, project: Project, number: int) -> HttpResponse:
    """Everything it wrote, as plain text."""
    del request, actor
    deployment = find_deployment(project, number)
    text = "".join(log_lines(deployment))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def log_lines(deployment: Deployment) -> Iterator[str]:
    """``time host phase: text`` a line."""
    rows = DeployLine.objects.filter(deployment=deployment).select_related("phase")
    for row in rows.order_by("number"):
        where = f" {row.phase.host or '-'} {row.phase.phase}" if row.phase else f" {row.kind}"
        yield f"{row.time:%H:%M:%S}{where}: {plain(row.text)}\n"


@require_POST
@admits_to_project(Scope.DEPLOY)
def cancel(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """End it."""
    deployment = find_deployment(project, number)
    if not service.cancel(deployment, actor.name):
        messages.info(request, "It had ended already.")
    return _to(deployment)


@require_POST
@admits_to_project(Scope.DEPLOY)
def approve(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """Agree to it, as a second person."""
    del request
    deployment = find_deployment(project, number)
    service.approve(deployment, service.Asker(name=actor.name, person=actor.user_id is not None))
    return _to(deployment)


def _written(phase: DeployPhase, count: int) -> Written:
    last = DeployLine.objects.filter(phase=phase).order_by("-number")
    lines = tuple(plain(text) for text in last.values_list("text", flat=True)[:_LINES])
    return Written(phase, lines[::-1], max(0, count - _LINES))


def _may(actor: Actor, project: Project, deployment: Deployment) -> dict[str, Any]:
    may = actor.may(Scope.DEPLOY, project.pk)
    second = actor.user_id is not None and actor.name != deployment.by
    lost = deployment.state in (DeploymentState.LOST, DeploymentState.FAILED)
    return {
        "may_deploy": may,
        "may_agree": may and second,
        "needs_look": lost,
        "back": service.before(deployment.environment) if may and lost else None,
    }


def _to(deployment: Deployment) -> HttpResponseRedirect:
    return HttpResponseRedirect(deployment_path(deployment.project.name, deployment.number))
