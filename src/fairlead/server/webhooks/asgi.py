"""The endpoint itself, as raw ASGI: Django would read a body of any size before it looks at it.

Nothing that takes long happens here: a mirror is brought up to date later, by whoever builds.
"""

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from django.conf import settings

from fairlead.errors import (
    FairleadError,
    NotFound,
    UsageError,
    WebhookRefused,
    WebhookTooLarge,
    WebhookUnreadable,
)
from fairlead.server.links import base_url, build_path
from fairlead.server.services import deliveries
from fairlead.server.services.projects import by_name
from fairlead.server.store.models import Delivery, Project
from fairlead.server.threads import Threads
from fairlead.server.webhooks.body import Bodies, Busy, Message, Receive
from fairlead.server.webhooks.limiter import Refusals
from fairlead.triggers.webhook import FORGES

log = logging.getLogger(__name__)

Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[str, str]]

PREFIX = "/hooks/"
_PATH = re.compile(r"/hooks/([^/]{1,50})/([^/]{1,100})/?")
_REFUSED = 400
_STATUS: tuple[tuple[type[FairleadError], int], ...] = (
    (WebhookRefused, 403),
    (WebhookTooLarge, 413),
    (WebhookUnreadable, 400),
    (NotFound, 404),
    (UsageError, 404),
)

in_thread = Threads(4, "webhook")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A status, what is said as JSON, and a header where there is one to add."""

    status: int
    said: dict[str, Any]
    header: tuple[str, str] | None = None


class Endpoint:
    """What one process knows of its senders."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.bodies = Bodies()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await _send(await self._answer(scope, receive), send)

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        address = (scope.get("client") or ("",))[0]
        if scope["method"] != "POST":
            return Answer(status=405, said=_error("POST it"), header=("allow", "POST"))
        if wait := self.refusals.wait(address):
            words = "too many deliveries from this address were refused"
            return Answer(status=429, said=_error(words), header=("retry-after", f"{wait + 1:.0f}"))
        try:
            return await self._taken(scope, receive)
        except Busy:
            words = "too many large deliveries arrive at once"
            return Answer(status=503, said=_error(words), header=("retry-after", "60"))
        except FairleadError as error:
            self.refusals.add(address)
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
            return Answer(status=status, said=_error(error.message, error.hint))
        except Exception:
            log.exception("a webhook was not taken")
            words = "it could not be stored; send it again later"
            return Answer(status=503, said=_error(words), header=("retry-after", "60"))

    async def _taken(self, scope: Message, receive: Receive) -> Answer:
        found = _PATH.fullmatch(scope["path"])
        if not found:
            raise NotFound("webhooks go to /hooks/<forge>/<project>")
        forge, name = found.groups()
        if forge not in FORGES:
            raise UsageError(f"no such forge: {forge!a}", hint=f"known: {', '.join(FORGES)}")
        project = await in_thread(lambda: by_name(name))
        headers = [
            (key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]
        ]
        try:
            body = await self._body(project, headers, receive)
        except (WebhookRefused, WebhookUnreadable) as error:
            problem = error
            await in_thread(lambda: deliveries.refuse(forge, project, headers, b"", problem))
            raise
        now = time.time()
        return await in_thread(
            lambda: _said(project, deliveries.accept(forge, project, headers, body, now))
        )

    async def _body(self, project: Project, headers: Headers, receive: Receive) -> bytes:
        """The body; of a project that takes none, not a byte of it is read."""
        if not deliveries.secrets_of(project):
            raise WebhookRefused(
                "the project has no webhook secret", hint="make one, and enter it at the forge"
            )
        length = next((value for key, value in headers if key.lower() == "content-length"), "")
        return await self.bodies.read(receive, length)


application = Endpoint()


def _said(project: Project, delivery: Delivery) -> Answer:
    base = base_url(settings.FAIRLEAD)
    builds = [
        {"number": number, "url": base + build_path(project.name, number)}
        for number in delivery.numbers
    ]
    said = {
        "delivery": delivery.pk,
        "fate": str(delivery.fate),
        "reason": delivery.reason,
        "builds": builds,
    }
    return Answer(status=202 if delivery.fate == Delivery.Fate.BUILT else 200, said=said)


def _error(message: str, hint: str = "") -> dict[str, Any]:
    return {"fate": "refused", "reason": message, "hint": hint}


async def _send(answer: Answer, send: Send) -> None:
    body = json.dumps(answer.said).encode() + b"\n"
    headers = [
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        *([answer.header] if answer.header else []),
        # What was not read would otherwise go on arriving.
        *([("connection", "close")] if answer.status >= _REFUSED else []),
    ]
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
