"""A worker process: registered, beating, taking builds until it is told to stop."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from django.utils import timezone
from procrastinate import App
from procrastinate.job_context import JobContext

import fairlead
from fairlead.server.configuration import Configuration
from fairlead.server.engine.carry import Carrier, Tools
from fairlead.server.engine.connector import PAUSE, make_app, unreachable
from fairlead.server.engine.deploysweep import ANYTHING
from fairlead.server.engine.queues import DEPLOYMENTS_AT_ONCE, RUN_BUILD, queues_of
from fairlead.server.engine.reaper import ANYTHING_OPEN, sweep
from fairlead.server.engine.rounds import Rounds
from fairlead.server.engine.worker import BEAT, Worker
from fairlead.server.store.models import Worker as WorkerRow

if TYPE_CHECKING:
    from fairlead.server.engine.deploying import Means

log = logging.getLogger(__name__)


class Care(msgspec.Struct, frozen=True):
    """Something to ``look_after`` where ``perhaps``, a condition in SQL, is true."""

    perhaps: str
    look_after: Callable[[], object]


def work(
    configuration: Configuration,
    tools: Tools,
    *,
    name: str = "",
    means: "Means | None" = None,
    also: Sequence[Care] = (),
) -> None:
    """Be a worker until SIGTERM or SIGINT, and then until the builds under way have ended.

    Django must be set up for ``configuration.database_url``. ``name`` is the host's by default;
    with ``means`` it makes releases and deploys them too. ``also`` is looked after as often as
    builds are, at the cost of no question more.
    """
    asyncio.run(_work(configuration, tools, name or socket.gethostname(), means, also))


def schedule(
    configuration: Configuration, chores: Iterable[tuple[float, Callable[[], object]]] = ()
) -> None:
    """Be a scheduler until SIGTERM or SIGINT: look after builds, but take none.

    ``chores`` are done beside that, each after so many seconds and then as often again; one
    after the other, and whatever one of them raises.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())

    def look_after_builds() -> None:
        sweep(configuration.intervals, configuration.queue_timeout)

    rounds = Rounds([(configuration.intervals.reap, look_after_builds), *chores])
    while not stop.wait(rounds.pause()):
        rounds.go()


async def _work(
    configuration: Configuration,
    tools: Tools,
    name: str,
    means: "Means | None",
    also: Sequence[Care],
) -> None:
    carrier = Carrier(tools, configuration.slots)
    app = make_app(configuration)
    _register(app, carrier)
    deploys = means is not None
    cares = [*also, _builds(configuration, deploys=deploys)]
    chores = [
        _caring(app, carrier, cares, configuration.intervals.reap),
        _tidying(carrier, configuration),
    ]
    if means is not None:
        from fairlead.server.engine.afterwards import adopting, register

        register(app, carrier, means, tools.locate)
        chores.append(adopting(carrier, means, configuration.intervals.reap))
    presence = _Presence(app, carrier, configuration, name, deploys=deploys)
    worker = Worker(
        app,
        queues=queues_of(configuration.labels),
        name=name,
        slots=configuration.slots,
        intervals=configuration.intervals,
        drain_timeout=configuration.drain_timeout or None,
        beat=lambda engine_id: presence.beat(engine_id, stopping=worker.stopping),
        chores=chores,
        beside=DEPLOYMENTS_AT_ONCE if deploys else 0,
    )
    try:
        await _open(app)
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        finally:
            await app.close_async()
            await presence.leave()
    finally:
        carrier.close()


def _register(app: App, carrier: Carrier) -> None:
    @app.task(name=RUN_BUILD, pass_context=True)
    async def run_build(context: JobContext, build_id: int) -> None:
        await carrier.carry(context, build_id)


async def _open(app: App) -> None:
    """Wait for the database; it may be started after us."""
    while True:
        try:
            await app.open_async()
        except Exception as error:
            if not unreachable(error):
                raise
            log.warning("waiting for the database: %s", error)
            await app.close_async()
            await asyncio.sleep(PAUSE)
        else:
            return


def _builds(configuration: Configuration, *, deploys: bool) -> Care:
    intervals, timeout = configuration.intervals, configuration.queue_timeout
    return Care(
        ANYTHING_OPEN + ANYTHING if deploys else ANYTHING_OPEN,
        lambda: sweep(intervals, timeout, deployments=deploys),
    )


def _caring(
    app: App, carrier: Carrier, cares: Sequence[Care], every: float
) -> Callable[[], Awaitable[None]]:
    asked = ", ".join(f"({care.perhaps}) AS care_{place}" for place, care in enumerate(cares))

    async def care_for_all() -> None:
        await asyncio.sleep(every)
        answer = await app.connector.execute_query_one_async(f"SELECT {asked}")
        for wanted, care in zip(answer.values(), cares, strict=True):
            try:
                if wanted:
                    await carrier.apart(care.look_after)
            except Exception as error:  # noqa: BLE001 — neither keeps the others from theirs
                log.warning("%s", error)

    return care_for_all


def _tidying(carrier: Carrier, configuration: Configuration) -> Callable[[], Awaitable[None]]:
    async def tidy() -> None:
        await asyncio.sleep(configuration.intervals.tidy)
        await carrier.tidy()

    return tidy


_SEEN = f"""
WITH engine AS ({BEAT} RETURNING id), ours AS (
  UPDATE store_worker SET engine_id = %(engine_id)s, seen = now(), stopping = %(stopping)s
  WHERE id = %(id)s RETURNING id)
SELECT EXISTS (SELECT FROM engine) AS alive, EXISTS (SELECT FROM ours) AS known
"""  # noqa: S608 — of our own words


class _Presence:
    """The worker's row in the store, for pages and for the reasons of waiting."""

    def __init__(
        self, app: App, carrier: Carrier, configuration: Configuration, name: str, *, deploys: bool
    ) -> None:
        self._app = app
        self._deploys = deploys
        self._carrier = carrier
        self._configuration = configuration
        self._name = name
        self._started = timezone.now()

    async def beat(self, engine_id: int, *, stopping: bool) -> bool:
        """Say that we are there, to the engine too; whether that knows us."""
        row = await self._app.connector.execute_query_one_async(
            _SEEN, id=self._carrier.worker_id, engine_id=engine_id, stopping=stopping
        )
        if row["alive"] and not row["known"]:
            self._carrier.worker_id = await self._carrier.apart(
                lambda: self._write(engine_id, stopping=stopping)
            )
        return bool(row["alive"])

    async def leave(self) -> None:
        """Remove the row, as far as the database can be reached."""
        try:
            await self._carrier.apart(self._remove)
        except Exception as error:  # noqa: BLE001 — it goes silent instead
            log.warning("left without telling the database: %s", error)

    def _write(self, engine_id: int, *, stopping: bool) -> int:
        told = self._configuration
        row = WorkerRow.objects.create(
            name=self._name,
            labels=list(told.labels),
            slots=told.slots,
            started=self._started,
            version=fairlead.__version__,
            engine_id=engine_id,
            seen=timezone.now(),
            stopping=stopping,
            deploys=self._deploys,
        )
        return row.pk

    def _remove(self) -> None:
        WorkerRow.objects.filter(pk=self._carrier.worker_id or 0).delete()
