"""Who asks, and what they may do: the one place that pages, API, git and storage share."""

import base64
import binascii
import hmac

import msgspec
from django.conf import settings
from django.http import HttpRequest

from fairlead.server.services import tokens
from fairlead.server.store.models import Token
from fairlead.server.store.scopes import PEOPLE, Scope

__all__ = ["ANYBODY", "PEOPLE", "Actor", "Scope", "actor_of", "actor_of_header", "anybody"]

_LONGEST = 1000


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signed in, or a token. With ``project_id`` it knows that project alone."""

    name: str
    user_id: int | None = None
    token_id: int | None = None
    scopes: frozenset[Scope] = frozenset()
    project_id: int | None = None

    def may(self, scope: Scope, project_id: int | None = None) -> bool:
        """Whether it may do so with a project, or (``None``) with the whole installation."""
        if self.project_id is not None and self.project_id != project_id:
            return False
        return scope in self.scopes or (Scope.ADMIN in self.scopes and scope in PEOPLE)

    @property
    def known(self) -> bool:
        """Whether it said who it is, and that is so."""
        return bool(self.user_id or self.token_id or Scope.WORKER in self.scopes)


ANYBODY = Actor(name="anybody")
"""Who did not say; what ``anybody()`` gives where only those who are known may read."""


def anybody() -> Actor:
    """Whoever does not say who they are: may read where the installation is public."""
    if settings.FAIRLEAD.public:
        return msgspec.structs.replace(ANYBODY, scopes=frozenset((Scope.READ,)))
    return ANYBODY


def actor_of(request: HttpRequest) -> Actor:
    """Who sent a request: by a token that is given as such, a session, or a password's token.

    A Bearer token that is not (any more) valid may do nothing, even where anybody may read: its
    owner should know. Basic comes last, since it may be meant for a proxy in front of us.
    """
    header = request.headers.get("Authorization", "")
    if header[:7].lower() == "bearer ":
        return actor_of_header(header) or ANYBODY
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return Actor(name=user.get_username(), user_id=user.pk, scopes=PEOPLE)
    return (actor_of_header(header) if header else None) or anybody()


def actor_of_header(authorization: str) -> Actor | None:
    """Whose token an ``Authorization`` header holds; ``None`` for none that is valid.

    ``Bearer <token>``, or ``Basic`` with the token as password (git asks for one), or as the
    name without a password. Asks the database: not for a coroutine.
    """
    secret = _secret(authorization)
    if not secret:
        return None
    expected = settings.FAIRLEAD.worker_token
    if expected and hmac.compare_digest(secret.encode(), expected.encode()):
        return Actor(name="worker", scopes=frozenset((Scope.WORKER,)))
    token = tokens.find(secret)
    return _of_token(token) if token else None


def _of_token(token: Token) -> Actor:
    known = {scope.value for scope in Scope}
    scopes = frozenset(Scope(word) for word in token.scopes if word in known)
    return Actor(
        name=token.user.get_username() if token.user else token.name,
        user_id=token.user_id,
        token_id=token.pk,
        scopes=scopes | anybody().scopes,
        project_id=token.project_id,
    )


def _secret(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if len(rest) > _LONGEST:
        return ""
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest if rest.isascii() else ""
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(rest, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password or name
