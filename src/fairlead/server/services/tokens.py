"""Tokens: issued once, kept as a digest, found by it, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.utils import timezone

from fairlead.errors import FairleadError
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Project, Token
from fairlead.server.store.scopes import Scope

PREFIX = "fl_"
"""By which people and scanners of leaked secrets know a token of ours."""

_LENGTH = 40
_SEEN = timedelta(minutes=1)


def issue(
    name: str,
    scopes: Iterable[str],
    *,
    user: User | None = None,
    project: Project | None = None,
    expires: datetime | None = None,
) -> tuple[Token, str]:
    """A new token and its secret, which is not kept. Raises ``FairleadError`` for odd scopes."""
    wanted = sorted(set(scopes))
    odd = [word for word in wanted if word not in set(Scope)]
    if odd or not wanted:
        raise FairleadError(
            f"no scope: {', '.join(odd)}" if odd else "a token needs a scope",
            hint=f"scopes: {', '.join(Scope)}",
        )
    if not name.strip():
        raise FairleadError("a token needs a name", hint="say who or what uses it")
    secret = PREFIX + secrets.token_urlsafe(_LENGTH * 3 // 4)
    token = Token.objects.create(
        name=clean(name.strip(), 100),
        digest=_digest(secret),
        scopes=[str(word) for word in wanted],
        user=user,
        project=project,
        expires=expires,
    )
    return token, secret


def find(secret: str) -> Token | None:
    """The token with its user; ``None`` for one that expired, or whose user is not active."""
    if not secret.startswith(PREFIX) or len(secret) != len(PREFIX) + _LENGTH:
        return None
    token = Token.objects.select_related("user").filter(digest=_digest(secret)).first()
    now = timezone.now()
    if token is None or (token.expires and token.expires <= now):
        return None
    if token.user and not token.user.is_active:
        return None
    if token.used is None or now - token.used > _SEEN:
        Token.objects.filter(pk=token.pk).update(used=now)
    return token


def revoke(token: Token) -> None:
    """From now on it opens nothing."""
    Token.objects.filter(pk=token.pk).delete()


def _digest(secret: str) -> bytes:
    # No slow hash: a secret of 240 random bits is not to be guessed.
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
