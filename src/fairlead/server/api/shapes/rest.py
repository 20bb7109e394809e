"""Who asks, tokens, workers and deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from fairlead.server.api.shapes.page import Moment
from fairlead.server.store import models


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; ``project`` is the only one it knows, where it is limited to one."""

    name: str
    scopes: tuple[str, ...]
    project: str | None
    version: str


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token, which itself is not kept and shown once: see ``IssuedToken``."""

    id: int
    name: str
    scopes: list[str]
    user: str | None
    project: str | None
    created: Moment
    expires: Moment | None
    used: Moment | None


class IssuedToken(Token, frozen=True, kw_only=True):
    """A token that was just made, with its ``secret``."""

    secret: str


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A build under way."""

    project: str
    number: int


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as it last said it is; ``alive`` where that was a moment ago."""

    id: int
    name: str
    labels: list[str]
    slots: int
    started: Moment
    seen: Moment
    alive: bool
    stopping: bool
    version: str
    builds: tuple[Running, ...]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook or push that reached us; ``build`` is the number of what was built of it."""

    id: int
    source: str
    key: str
    event: str
    received: Moment
    fate: str
    reason: str
    build: int | None
    replay_of: int | None


def token_shape(token: models.Token) -> Token:
    """A token's row, read with its user and project."""
    return Token(**_token(token))


def new_token_shape(token: models.Token, secret: str) -> IssuedToken:
    """A token that was just made."""
    return IssuedToken(**_token(token), secret=secret)


def _token(token: models.Token) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "scopes": token.scopes,
        "user": token.user.get_username() if token.user else None,
        "project": token.project.name if token.project else None,
        "created": token.created,
        "expires": token.expires,
        "used": token.used,
    }


def worker_shape(worker: models.Worker, since: datetime, builds: Sequence[models.Build]) -> Worker:
    """A worker's row; one that was last seen before ``since`` is not alive."""
    return Worker(
        id=worker.pk,
        name=worker.name,
        labels=worker.labels,
        slots=worker.slots,
        started=worker.started,
        seen=worker.seen,
        alive=worker.seen > since,
        stopping=worker.stopping,
        version=worker.version,
        builds=tuple(Running(project=one.project.name, number=one.number) for one in builds),
    )


def delivery_shape(delivery: models.Delivery) -> Delivery:
    """A delivery's row, read with its build; what came in it stays where it is."""
    return Delivery(
        id=delivery.pk,
        source=delivery.source,
        key=delivery.key,
        event=delivery.event,
        received=delivery.received,
        fate=delivery.fate,
        reason=delivery.reason,
        build=delivery.build.number if delivery.build else None,
        replay_of=delivery.replay_of_id,
    )
