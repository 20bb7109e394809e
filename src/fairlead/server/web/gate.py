"""Who may see a page or press a button: every view of ours stands behind one of these."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect

from fairlead.errors import FairleadError, NotFound
from fairlead.server.access import Actor, Scope, actor_of
from fairlead.server.services.projects import by_name
from fairlead.server.store.models import Project
from fairlead.server.web.answer import show_error

P = ParamSpec("P")
Answer = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase]
ProjectView = Callable[Concatenate[HttpRequest, Actor, Project, P], HttpResponseBase]


def admits(scope: Scope) -> Callable[[View[P]], Answer[P]]:
    """For pages of the whole installation: the view gets who asks."""

    def wrap(view: View[P]) -> Answer[P]:
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = actor_of(request)
            if not actor.may(scope):
                return turn_away(request, actor)
            return _answered(request, actor, lambda: view(request, actor, *args, **kwargs))

        update_wrapper(answer, view)
        return answer

    return wrap


def admits_to_project(
    scope: Scope,
) -> Callable[[ProjectView[P]], Callable[..., HttpResponseBase]]:
    """For pages of one project, which the address names: the view gets who asks and its row.

    Who may not read is told nothing of which projects there are.
    """

    def wrap(view: ProjectView[P]) -> Callable[..., HttpResponseBase]:
        def answer(
            request: HttpRequest, project: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            actor = actor_of(request)
            found = _project(project)
            known = found.pk if found else None
            if not actor.may(Scope.READ, known):
                return turn_away(request, actor)
            if found is None:
                raise Http404(f"there is no project {project}")
            if not actor.may(scope, known):
                return turn_away(request, actor)
            return _answered(request, actor, lambda: view(request, actor, found, *args, **kwargs))

        update_wrapper(answer, view)
        return answer

    return wrap


def _project(name: str) -> Project | None:
    try:
        return by_name(name)
    except NotFound:
        return None


def turn_away(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """To the sign-in page, or where somebody did sign in, a plain no."""
    if actor.known:
        raise PermissionDenied
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return HttpResponseRedirect(f"/sign-in/?{urlencode({'next': wanted})}")


def _answered(
    request: HttpRequest, actor: Actor, view: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    try:
        return view()
    except FairleadError as error:
        return show_error(request, actor, error)
