"""``/healthz``, ``/readyz`` and ``/metrics``: for machines that look after this one.

Raw ASGI, so that they answer whatever name or number they are called by, and also when all of
Django's threads are busy.
"""

import ipaddress
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from django.conf import settings

from fairlead.server.operating.exposition import CONTENT_TYPE, written
from fairlead.server.operating.health import OK, Health
from fairlead.server.operating.requests import TALLY
from fairlead.server.threads import Threads

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATHS = ("/healthz", "/readyz", "/metrics")
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")

_in_thread = Threads(1, "health")


async def application(scope: Message, _receive: Receive, send: Send) -> None:
    """Answer one request."""
    path, method = scope["path"], scope["method"]
    if path not in PATHS:
        await _answer(send, 404, "there is nothing here\n")
    elif method not in ("GET", "HEAD"):
        await _answer(send, 405, "GET and HEAD\n")
    elif path == "/healthz":
        await _answer(send, 200, "ok\n")
    elif path == "/readyz":
        await _readiness(send)
    else:
        await _metrics(scope, send)


async def _readiness(send: Send) -> None:
    found = await _in_thread(lambda: _health().look())
    ready = all(words == OK for words in found.values())
    text = json.dumps({"ready": ready, "checks": found})
    await _answer(send, 200 if ready else 503, f"{text}\n", "application/json")


@lru_cache(1)
def _health() -> Health:
    return Health(settings.FAIRLEAD)


async def _metrics(scope: Message, send: Send) -> None:
    if not (_near(scope) or settings.FAIRLEAD.public or await _in_thread(lambda: _allowed(scope))):
        more = ((b"www-authenticate", b"Bearer"),)
        await _answer(send, 401, "a token with scope read is needed\n", more=more)
        return

    def measured() -> bytes:
        from fairlead.server.operating.figures import measure

        return written((*measure(settings.FAIRLEAD), *TALLY.metrics()))

    try:
        data = await _in_thread(measured)
    except Exception as error:  # noqa: BLE001 — without the database, what this process knows
        log.warning("no figures from the database: %s", error)
        data = written(TALLY.metrics())
    await _answer(send, 200, data.decode(), CONTENT_TYPE)


def _near(scope: Message) -> bool:
    """Whether it comes from this machine, and not through a proxy that runs on it."""
    if any(name in _FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _allowed(scope: Message) -> bool:
    from fairlead.server.access import Scope, actor_of_header

    headers = dict(scope["headers"])
    actor = actor_of_header(headers.get(b"authorization", b"").decode("latin-1"))
    return actor is not None and actor.may(Scope.READ)


async def _answer(
    send: Send,
    status: int,
    text: str,
    kind: str = "text/plain; charset=utf-8",
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    body = text.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
