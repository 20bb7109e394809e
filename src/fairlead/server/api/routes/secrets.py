"""Secrets of projects: set, listed by name, removed, and never read."""

from datetime import datetime

import msgspec
from ninja import Router

from fairlead.server.access import Scope
from fairlead.server.api.bodies import Name, NewSecret, SecretName
from fairlead.server.api.found import project_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.page import Listing
from fairlead.server.services import secrets

router = Router(tags=["Secrets"])


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret's name, and when it was set."""

    name: str
    changed: datetime


@route(router, "GET", "/projects/{name}/secrets", scope=Scope.ADMIN, returns=Listing[Secret])
def list_secrets(request: Request, name: Name) -> Listing[Secret]:
    """List a project's secrets by name; their values are given to builds alone."""
    rows = secrets.listed(project_of(request, name))
    items = tuple(Secret(name=row.name, changed=row.changed) for row in rows)
    return Listing(items=items, next=None)


@route(router, "PUT", "/projects/{name}/secrets/{secret}", scope=Scope.ADMIN, status=204)
def set_secret(request: Request, name: Name, secret: SecretName, body: NewSecret) -> None:
    """Set a secret.

    Jobs that name it get it as a variable, in builds of trusted changes.
    """
    secrets.put(project_of(request, name), secret, body.value)


@route(router, "DELETE", "/projects/{name}/secrets/{secret}", scope=Scope.ADMIN, status=204)
def remove_secret(request: Request, name: Name, secret: SecretName) -> None:
    """Forget a secret."""
    secrets.remove(project_of(request, name), secret)
