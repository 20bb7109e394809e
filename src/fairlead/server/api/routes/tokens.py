"""Tokens."""

from ninja import Router

from fairlead.errors import FairleadError, NotFound
from fairlead.server.access import Scope
from fairlead.server.api.bodies import Before, Id, Limit, NewToken
from fairlead.server.api.found import everything
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.page import Listing, next_url
from fairlead.server.api.shapes.rest import IssuedToken, Token, new_token_shape, token_shape
from fairlead.server.services import projects, tokens
from fairlead.server.store import models
from fairlead.server.store.pages import newest

router = Router(tags=["Tokens"])


@route(router, "GET", "/tokens", scope=Scope.ADMIN, returns=Listing[Token])
def list_tokens(request: Request, before: Before, limit: Limit) -> Listing[Token]:
    """List tokens, the newest first; what they look like is not known to anybody."""
    everything(request, Scope.ADMIN)
    rows = models.Token.objects.select_related("user", "project")
    page = newest(rows, before=before, count=limit)
    return Listing(
        items=tuple(token_shape(token) for token in page.items),
        next=next_url(request, "before", page.older),
    )


@route(router, "POST", "/tokens", scope=Scope.ADMIN, returns=IssuedToken, status=201)
def create_token(request: Request, body: NewToken) -> IssuedToken:
    """Make a token. Its `secret` is shown this once."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    everything(request, Scope.ADMIN)
    if body.expires is not None and body.expires <= timezone.now():
        raise FairleadError("a token that has expired is of no use")
    user = request.actor.user_id
    token, secret = tokens.issue(
        body.name,
        body.scopes,
        user=User.objects.get(pk=user) if user else None,
        project=projects.by_name(body.project) if body.project else None,
        expires=body.expires,
    )
    return new_token_shape(token, secret)


@route(router, "DELETE", "/tokens/{token_id}", scope=Scope.ADMIN, status=204)
def revoke_token(request: Request, token_id: Id) -> None:
    """Revoke a token: from now on it opens nothing."""
    everything(request, Scope.ADMIN)
    token = models.Token.objects.filter(pk=token_id).first()
    if token is None:
        raise NotFound(f"there is no token {token_id}")
    tokens.revoke(token)
