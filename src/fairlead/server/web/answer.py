"""Answers: a template with what every page needs beside its own values."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fairlead.errors import FairleadError, NotFound
from fairlead.server.access import Actor, Scope


def show(
    request: HttpRequest,
    actor: Actor,
    template: str,
    *,
    stream: str = "",
    status: int = 200,
    **values: object,
) -> HttpResponse:
    """A page of ours; ``stream`` is the address of the live events that refresh it."""
    told = {
        "actor": actor,
        "signed_in": actor.user_id is not None,
        "may_build": Scope.BUILD in actor.scopes or Scope.ADMIN in actor.scopes,
        "may_admin": Scope.ADMIN in actor.scopes,
        "stream": stream,
    }
    return render(request, f"web/{template}", {**told, **values}, status=status)


def show_error(
    request: HttpRequest, actor: Actor, error: FairleadError, *, status: int = 400
) -> HttpResponse:
    """What was asked for cannot be done: what is wrong, and what to do."""
    return show(
        request,
        actor,
        "error.html",
        status=404 if isinstance(error, NotFound) else status,
        heading="That does not work",
        text=f"{error}",
    )
