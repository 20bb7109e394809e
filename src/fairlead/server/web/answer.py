"""Answers: a template with what every page needs beside its own values."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

from fairlead.errors import Conflict, FairleadError, NotFound, StoreError
from fairlead.server.access import Actor, Scope
from fairlead.server.logs.errors import LogMissing

_STATUS = ((NotFound, 404), (LogMissing, 404), (Conflict, 409), (StoreError, 503))
_LONG = 12_000
"""Bytes of a page that go out at once anyway, in the first packets of a connection."""
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


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
    response = render(request, f"web/{template}", {**told, **values}, status=status)
    return _compressed(request, response)


def show_error(
    request: HttpRequest, actor: Actor, error: FairleadError, *, status: int = 400
) -> HttpResponse:
    """What was asked for cannot be done: what is wrong, and what to do."""
    return show(
        request,
        actor,
        "error.html",
        status=next((code for kind, code in _STATUS if isinstance(error, kind)), status),
        heading="That does not work",
        text=f"{error}",
    )


def _compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Long pages are sent compressed, to whoever takes that.

    As Django's own middleware does it, with random bytes against guessing by sizes; but not for
    logs and downloads, of which parts may be asked for.
    """
    if len(response.content) < _LONG:
        return response
    patch_vary_headers(response, ("Accept-Encoding",))
    if _GZIP.search(request.headers.get("Accept-Encoding", "")):
        response.content = compress_string(response.content, max_random_bytes=100)
        response["Content-Encoding"] = "gzip"
    return response
