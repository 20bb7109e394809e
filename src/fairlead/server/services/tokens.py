"""Tokens: issued once, kept as a digest, found by it, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.utils import timezone
from psycopg.sql import SQL

from fairlead.errors import FairleadError
from fairlead.server.store.asking import Rows, ask
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
    token = _known(_digest(secret))
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


def _known(digest: bytes) -> Token | None:
    for row in ask(_BY_DIGEST, digest):
        token = _TOKEN.made(row)
        token.user = _USER.made(row[len(_TOKEN) :]) if token.user_id else None
        return token
    return None


_TOKEN = Rows(Token)
_USER = Rows(User, "id", "username", "is_active")
_BY_DIGEST = (
    SQL(
        "SELECT {}, {} FROM store_token LEFT JOIN auth_user ON auth_user.id = store_token.user_id"
        " WHERE digest = %s"
    )
    .format(_TOKEN.columns, _USER.columns)
    .as_string()
)


def _digest(secret: str) -> bytes:
    # No slow hash: a secret of 240 random bits is not to be guessed.
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
