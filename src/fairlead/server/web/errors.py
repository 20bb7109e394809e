"""What is shown where there is nothing to show; Django calls these by their names."""

import sys

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from fairlead.server.access import ANYBODY, actor_of
from fairlead.server.web.answer import show

_AWAY = (OperationalError, InterfaceError)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """What no browser sends, or a name that is not ours. No page: that would ask for the name."""
    text = "400 Bad request\n"
    if isinstance(exception, DisallowedHost):
        text += (
            "This server does not go by the name that it was asked for. Whoever runs it lists its"
            " names in FAIRLEAD_HOSTS, or says with FAIRLEAD_URL how it is reached.\n"
        )
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Signed in, but not for this."""
    return show(
        request,
        actor_of(request),
        "error.html",
        status=403,
        heading="Not allowed",
        text="Your account or token may not do this.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """No such page, project or build; what was asked for is not told again."""
    return show(
        request,
        actor_of(request),
        "error.html",
        status=404,
        heading="Not found",
        text="There is no such page. What it showed may have been removed.",
    )


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours. Asks no database, so not who this is: that may be what is at fault."""
    if isinstance(sys.exception(), _AWAY):
        return away(request)
    return show(
        request,
        ANYBODY,
        "error.html",
        status=500,
        unknown=True,
        heading="Something went wrong here",
        text="The fault is ours, and the server's log has it. Trying again may help.",
    )


def away(request: HttpRequest) -> HttpResponse:
    """The database is being started anew, or cannot be reached."""
    response = show(
        request,
        ANYBODY,
        "error.html",
        status=503,
        unknown=True,
        heading="The database is away",
        text="Nothing is lost meanwhile. Try again in a moment.",
    )
    response["Retry-After"] = "5"
    return response


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form without its token: made elsewhere, or too old."""
    return show(
        request,
        ANYBODY,
        "error.html",
        status=403,
        unknown=True,
        heading="This form is too old",
        text="Go back, load the page again, and send it once more.",
    )
