"""The buttons of a build. Each goes back to where it leads: the build, or the new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fairlead.server.access import Actor, Scope
from fairlead.server.links import build_path
from fairlead.server.services import builds as service
from fairlead.server.store.models import Build, Project
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.pages.build import find_build


@require_POST
@admits_to_project(Scope.BUILD)
def cancel(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """End it."""
    build = find_build(project, number)
    done = service.cancel(build, f"cancelled by {actor.name}")
    if not done:
        messages.info(request, "It had ended already.")
    return _to(build)


@require_POST
@admits_to_project(Scope.BUILD)
def restart(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """Build the same commit again: all of it, or the one job whose id is given."""
    del actor
    job = request.POST.get("job", "")
    build = find_build(project, number)
    return _to(service.restart(build, only=[job] if job else []))


@require_POST
@admits_to_project(Scope.BUILD)
def restart_failed(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """Build again what did not pass."""
    del request, actor
    return _to(service.restart(find_build(project, number), failed=True))


@require_POST
@admits_to_project(Scope.BUILD)
def approve(
    request: HttpRequest, actor: Actor, project: Project, number: int
) -> HttpResponseRedirect:
    """Let a held build run."""
    del actor
    build = find_build(project, number)
    if not service.approve(build):
        messages.info(request, "It was not held any more.")
    return _to(build)


@require_POST
@admits_to_project(Scope.BUILD)
def pin(request: HttpRequest, actor: Actor, project: Project, number: int) -> HttpResponseRedirect:
    """Keep it whatever its age, or no longer."""
    del actor
    build = find_build(project, number)
    service.pin(build, pinned=bool(request.POST.get("pinned")))
    return _to(build)


def _to(build: Build) -> HttpResponseRedirect:
    return HttpResponseRedirect(build_path(build.project.name, build.number))
