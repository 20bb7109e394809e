"""``/git/<project>.git/…``: git's smart HTTP, streamed through ``git http-backend``.

``/git/<project>/deploy/<environment>.git`` is the same repository, where a push is a deployment.

A push may last as long as its build; it holds a process of git and a task, but no thread.
"""

import asyncio
import logging
import re
import signal
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from django.conf import settings

from fairlead.errors import FairleadError
from fairlead.server.access import Actor, Scope
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import housekeeping, repositories, rows
from fairlead.server.hosting.deploying import DeployPush
from fairlead.server.hosting.exchange import Exchange, Refused, Request
from fairlead.server.hosting.push import Push, Target, stop_waiting
from fairlead.server.hosting.rows import Known, Rows
from fairlead.server.hosting.surroundings import serving
from fairlead.server.hosting.turns import turn
from fairlead.server.hosting.wishes import deploy_pushed
from fairlead.server.streams.sse import Message, Receive, Send
from fairlead.triggers.push import RefUpdate

log = logging.getLogger(__name__)

_PATH = re.compile(
    r"/git/([a-z0-9_-]{1,100})(?:/deploy/([a-z0-9_-]{1,100}))?\.git"
    r"/(info/refs|git-upload-pack|git-receive-pack)"
)
_SERVICES = ("git-upload-pack", "git-receive-pack")
_RECOVER = 60.0
"""Seconds between two looks for pushes that were accepted and not built."""

_recovering: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = (
    WeakKeyDictionary()
)
_NOTHING = "nothing"
"""A namespace that no push has: a deploy remote has no refs."""
_REALM = (b"www-authenticate", b'Basic realm="Fairlead: any name, a token as the password"')


def begin() -> None:
    """Start what a web node does beside requests, in the event loop that is running."""
    loop = asyncio.get_running_loop()
    if loop not in _recovering:
        _recovering[loop] = loop.create_task(_recover())
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                _hear(number, loop)


def _hear(number: int, loop: asyncio.AbstractEventLoop) -> None:
    """Have pushes end as soon as we are told to: uvicorn waits for them, and then ends at once."""
    before = signal.getsignal(number)
    if callable(before):

        def stop(got: int, frame: FrameType | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop_waiting)
            before(got, frame)

        signal.signal(number, stop)


async def _recover() -> None:
    """Build what was pushed and not turned into builds, because a process or the database died."""
    told: Configuration = settings.FAIRLEAD
    while True:
        try:
            if rows.left(told) and (count := await rows.apart(lambda: rows.recover_all(told))):
                log.info("%s pushes from before a crash are built", count)
        except Exception as error:  # noqa: BLE001 — it is tried again
            log.warning("what was pushed before a crash waits: %s", error)
        await asyncio.sleep(_RECOVER)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one request of a git client."""
    if scope["type"] != "http":
        return
    try:
        name, request = _read(scope)
        header = request.headers.get("authorization", "")
        somebody, known = await rows.apart(lambda: (rows.who(header), rows.find(name)))
        actor = _valid(somebody)
        project = _admit(actor, known, request)
        exchange = Exchange(request, receive, send)
        await (_receive if request.asked == "git-receive-pack" else _tell)(exchange, project, actor)
    except Refused as refused:
        await _refuse(send, refused)
    except FairleadError as error:
        log.warning("%s", error)
        await _refuse(send, Refused(503, str(error)))


def _read(scope: Message) -> tuple[str, Request]:
    """The project's name and what is asked. Raises ``Refused``."""
    found = _PATH.fullmatch(scope["path"])
    if not found:
        raise Refused(404, "there is nothing here: git URLs look like /git/<project>.git")
    name, environment, asked = found.groups()
    query = scope.get("query_string", b"").decode("latin-1")
    service = asked
    if asked == "info/refs":
        service = parse_qs(query).get("service", [""])[0]
        if service not in _SERVICES:
            raise Refused(403, "only git's smart protocol is spoken here")
    method = scope["method"]
    if method != ("GET" if asked == "info/refs" else "POST"):
        raise Refused(405, f"{method} is not for this address")
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    client = (scope.get("client") or ("", 0))[0]
    return name, Request(
        asked=asked, service=service, method=method, query=query, headers=headers, client=client,
        environment=environment or "",
    )  # fmt: skip


def _valid(actor: Actor | None) -> Actor:
    if actor is None:
        raise Refused(401, "this token is not valid, or no longer")
    return actor


def _admit(actor: Actor, known: Known | None, request: Request) -> Known:
    """The project, for whoever may do this with it. Raises ``Refused``.

    Whether a project exists is told only to those who may read it.
    """
    project_id = known.id if known else None
    reads = any(actor.may(scope, project_id) for scope in (Scope.READ, Scope.WORKER))
    pushing = request.service == "git-receive-pack"
    # Who pushes must be able to fetch what others pushed; who deploys need not.
    wanted = Scope.DEPLOY if request.environment and pushing else Scope.PUSH
    pushes = actor.may(wanted, project_id)
    if not actor.known and (pushing or not reads):
        raise Refused(401, "name a token of yours as the password")
    if known is None or not (reads or pushes):
        raise Refused(404, "there is no such project")
    if pushing and not pushes:
        raise Refused(403, f"this token may not push here: it lacks the scope {wanted}")
    if pushing and not known.hosted and not request.environment:
        raise Refused(403, f"{known.name} is a mirror: push to the repository that it follows")
    return known


async def _tell(exchange: Exchange, project: Known, actor: Actor) -> None:
    """Clone, fetch, and what comes first of a push."""
    told: Configuration = settings.FAIRLEAD
    worker = actor.may(Scope.WORKER, project.id)
    if worker and (build := exchange.request.headers.get("fairlead-build", "")).isdecimal():
        await rows.apart(lambda: rows.bring(told, project, int(build)))
    repository = _repository(told, project)
    fetching = exchange.request.service == "git-upload-pack"
    namespace = _NOTHING if exchange.request.environment and not fetching else ""
    variables = serving(told, repository, any_commit=worker, namespace=namespace)
    async with turn() if fetching else nullcontext():
        await exchange.run(repository, variables)


async def _receive(exchange: Exchange, project: Known, actor: Actor) -> None:
    """A push."""
    told: Configuration = settings.FAIRLEAD
    repository = _repository(told, project)
    if exchange.request.environment:
        await _deploy(exchange, project, actor, repository)
        return
    repositories.point_head(repository, project.default_branch)
    if await rows.apart(lambda: rows.recover(told, project)):
        log.info("what was pushed to %s before a crash is built", project.name)
    limit = told.repository_limit
    target = Target(repository=repository, protected=project.protected, limit=limit)
    push = Push(target, Rows(told, project, actor))
    log.info("%s pushes to %s", actor.name, project.name)
    try:
        await exchange.run(repository, serving(told, repository, any_commit=False), push)
    finally:
        await push.close()
    housekeeping.begin(repository)


async def _deploy(exchange: Exchange, project: Known, actor: Actor, repository: Path) -> None:
    """A push to a deploy remote."""
    told: Configuration = settings.FAIRLEAD
    name = exchange.request.environment

    async def ask(updates: Sequence[RefUpdate]) -> list[str]:
        return await rows.apart(lambda: deploy_pushed(told, project.id, name, updates, actor))

    push = DeployPush(repository, told.repository_limit, ask)
    log.info("%s pushes to %s of %s", actor.name, name, project.name)
    variables = serving(told, repository, any_commit=False, namespace=push.namespace)
    try:
        await exchange.run(repository, variables, push)
    finally:
        await push.close()


def _repository(told: Configuration, project: Known) -> Path:
    repository = repositories.folder(told, project.name)
    if not repositories.is_repository(repository):
        raise Refused(404, "this project's repository is not on this machine")
    return repository


async def _refuse(send: Send, refused: Refused) -> None:
    text = f"{refused.message}\n".encode("utf-8", "backslashreplace")
    headers: list[Any] = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if refused.status == 401:  # noqa: PLR2004 — HTTP's own number
        headers.append(_REALM)
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
