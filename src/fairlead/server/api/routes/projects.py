"""Projects."""

from django.conf import settings
from ninja import Router

from fairlead.server.access import Scope
from fairlead.server.api.bodies import Before, Limit, Name, NewProject, ProjectSettings
from fairlead.server.api.found import everything, project_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.api.shapes.projects import Project, project_shape
from fairlead.server.services import projects
from fairlead.server.storage import open_storage
from fairlead.server.store import models
from fairlead.server.store.pages import newest

router = Router(tags=["Projects"])


@route(router, "GET", "/projects", scope=Scope.READ, returns=Listing[Project])
def list_projects(request: Request, before: Before, limit: Limit) -> Listing[Project]:
    """List projects, the newest first."""
    rows = models.Project.objects.all()
    if request.actor.project_id is not None:
        rows = rows.filter(pk=request.actor.project_id)
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=tuple(project_shape(project, request) for project in page.items),
        next=next_url(request, "before", page.older),
    )


@route(router, "POST", "/projects", scope=Scope.ADMIN, returns=Project, status=201)
def create_project(request: Request, body: NewProject) -> Project:
    """Make a project.

    A hosted one gets an empty repository to push to, a mirrored one needs the URL of its own.
    """
    everything(request, Scope.ADMIN)
    projects.check_remote(body.url or "")
    return project_shape(projects.create(**body.given()), request)


@route(router, "GET", "/projects/{name}", scope=Scope.READ, returns=Project)
def get_project(request: Request, name: Name) -> Project:
    """Show a project with its settings."""
    return project_shape(project_of(request, name), request)


@route(router, "PATCH", "/projects/{name}", scope=Scope.ADMIN, returns=Project)
def change_project(request: Request, name: Name, body: ProjectSettings) -> Project:
    """Change settings of a project."""
    project = project_of(request, name)
    projects.check_remote(body.url or "")
    return project_shape(projects.change(project, **body.given()), request)


@route(router, "DELETE", "/projects/{name}", scope=Scope.ADMIN, status=204)
def remove_project(request: Request, name: Name) -> None:
    """Remove a project with its builds, their files and its repository.

    While a build runs it is told to end, and 409 is the answer: ask again then.
    """
    projects.remove(project_of(request, name), open_storage(settings.FAIRLEAD))
