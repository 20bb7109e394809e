"""Who asks."""

from ninja import Router

from fairlead import __version__
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.rest import Me
from fairlead.server.store.models import Project

router = Router(tags=["Tokens"])


@route(router, "GET", "/me", scope=None, returns=Me)
def get_me(request: Request) -> Me:
    """Tell who asks, and what they may do."""
    actor = request.actor
    project = None
    if actor.project_id is not None:
        rows = Project.objects.filter(pk=actor.project_id)
        project = rows.values_list("name", flat=True).first()
    scopes = tuple(sorted(scope.value for scope in actor.scopes))
    return Me(name=actor.name, scopes=scopes, project=project, version=__version__)
