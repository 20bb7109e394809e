"""One build on one worker: taken, run in a thread, recorded, ended or passed on."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.db import connections
from procrastinate import App, exceptions
from procrastinate.job_context import AbortReason, JobContext

from fairlead.errors import FairleadError
from fairlead.model import Event, RunFinished
from fairlead.runner.cancel import Cancel
from fairlead.runner.places import working_folder
from fairlead.runner.run import run
from fairlead.runner.sandbox.blanks import put_away
from fairlead.server.configuration import Intervals
from fairlead.server.engine import changes, verdicts
from fairlead.server.engine.artifacts import keep_artifacts
from fairlead.server.engine.connector import PAUSE, cause
from fairlead.server.engine.lease import Loss, until_lost
from fairlead.server.engine.logsink import ChunkSink, compact_attempt, compact_left_behind
from fairlead.server.engine.order import Confide, Locate, make_order, no_secrets
from fairlead.server.engine.recording import Fenced, Recorder
from fairlead.server.engine.records import BuildRecords
from fairlead.server.engine.resting import Rest
from fairlead.server.logs.storage import Storage
from fairlead.server.pausing import heeding
from fairlead.server.store.models import Build, State
from fairlead.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

STOPPING = "the worker is being stopped"


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs for a build. ``storage`` takes whole logs and artifacts."""

    settings: Settings
    intervals: Intervals
    locate: Locate
    storage: Storage
    confide: Confide = no_secrets


class Carrier:
    """Carries builds out for one worker, each in a thread, so that its loop goes on beating.

    ``worker_id`` is the worker's row in the store, once it has one.
    """

    def __init__(self, tools: Tools, slots: int) -> None:
        self._tools = tools
        # Each build may need one thread for its run and one for its changes.
        self._threads = ThreadPoolExecutor(2 * slots + 2, thread_name_prefix="build")
        self._compacting = ThreadPoolExecutor(1, thread_name_prefix="compacting")
        self._rest = Rest(lambda: self._threads.submit(put_away))
        self.worker_id: int | None = None

    async def carry(self, context: JobContext, build_id: int) -> None:
        """The engine's task. Raises ``JobAborted`` where the build has no verdict from it."""
        with self._rest.at_work():
            await self._carry(context, build_id)

    async def _carry(self, context: JobContext, build_id: int) -> None:
        job_id = context.job.id
        if job_id is None:
            raise exceptions.JobAborted
        rows = await context.app.connector.execute_query_all_async(
            changes.CLAIM, build_id=build_id, job_id=job_id, worker_id=self.worker_id
        )
        if not rows:
            raise exceptions.JobAborted
        build = changes.claimed(rows[0])
        going = _Going(build, self._tools, self._sink())
        try:
            loss = await self._until_over(going, context, job_id)
        finally:
            going.close()
        if loss is None:
            await self._ended(going, build, job_id)
        elif loss != Loss.SUPERSEDED.value:
            lost = loss != STOPPING
            await self._for_sure(lambda: changes.pass_on(build.pk, job_id, lost=lost))
        # Whoever gave it its verdict: we may have, and lost it by that.
        if loss in (None, Loss.SUPERSEDED.value):
            await self._follow(going, context.app)
        if loss is not None or going.cancelled:
            raise exceptions.JobAborted

    async def _until_over(self, going: "_Going", context: JobContext, job_id: int) -> str | None:
        """Wait for the run's end, whatever comes; why it was taken from us, or ``None``."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, going.run)
        lease = asyncio.ensure_future(
            until_lost(context.app, self._tools.intervals, build_id=going.build.pk, job_id=job_id)
        )
        loss: str | None = None
        try:
            while not running.done():
                watched: set[asyncio.Future[Any]] = (
                    {running} if loss or lease.done() else {running, lease}
                )
                try:
                    await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    if context.abort_reason() is AbortReason.SHUTDOWN:
                        loss = loss or STOPPING
                        going.abandon(loss)
                    else:
                        await self._cancel(going)
                if lease.done() and not loss and not running.done():
                    loss = lease.result().value
                    going.abandon(loss)
            return await self._real_loss(running, loss)
        finally:
            lease.cancel()

    async def _real_loss(self, running: "asyncio.Future[None]", loss: str | None) -> str | None:
        try:
            await running
        except Fenced:
            return Loss.SUPERSEDED.value
        return loss

    async def _cancel(self, going: "_Going") -> None:
        """End the run because a person asked for it; the reason is in the row."""
        try:
            async with asyncio.timeout(self._tools.intervals.lease):
                reason = await self.apart(going.read_reason)
        except Exception:  # noqa: BLE001 — it is ended with or without their words
            reason = ""
        going.cancel(reason or "cancelled")

    async def _ended(self, going: "_Going", build: Build, job_id: int) -> None:
        """Give the build a verdict where the run could not, such as without any plan."""
        if going.problem is not None:
            state, reason = going.problem
            await self._for_sure(lambda: changes.end(build.pk, job_id, state, reason))

    async def _follow(self, going: "_Going", app: App) -> None:
        """Have somebody look what is to be deployed; most projects deploy nothing."""
        build = going.build
        if not verdicts.may_follow(build):
            return
        try:
            wanted = going.names_environments or await app.connector.execute_query_all_async(
                verdicts.ANYTHING, project_id=build.project_id
            )
        except exceptions.ConnectorException as error:
            log.warning("build %s: %s", build.pk, cause(error))
            wanted = True
        if wanted:
            await self._for_sure(lambda: verdicts.hand_over(build.pk))

    async def _for_sure(self, work: Callable[[], T]) -> T:
        """A change of rows, tried until the database takes it."""
        from django.db import InterfaceError, OperationalError

        while True:
            try:
                return await self.apart(work)
            except (OperationalError, InterfaceError) as error:
                log.warning("a build's change waits for the database: %s", error)
                await asyncio.sleep(PAUSE)

    async def apart(self, work: Callable[[], T]) -> T:
        """Call ``work`` in a thread that may use Django's connections."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _with_connections, work)

    async def tidy(self) -> None:
        """Compact logs that were left in chunks, by whomever."""
        loop = asyncio.get_running_loop()
        storage, age = self._tools.storage, self._tools.intervals.tidy
        await loop.run_in_executor(
            self._compacting, _with_connections, lambda: compact_left_behind(storage, age=age)
        )

    def _sink(self) -> ChunkSink:
        """A build's sink; logs are compacted aside, so that no verdict waits for it."""
        tools = self._tools
        return ChunkSink(
            limit=tools.settings.log,
            compacted=lambda pk, chunks: self._compacting.submit(
                _with_connections, lambda: compact_attempt(pk, tools.storage, chunks)
            ),
        )

    def close(self) -> None:
        """End the threads; no build may be under way."""
        self._rest.stop()
        self._threads.shutdown()
        self._compacting.shutdown()


class _Going:
    """A build under way: its switch, its recorder, and what went wrong beside the run."""

    def __init__(self, build: Build, tools: Tools, sink: ChunkSink) -> None:
        self.build = build
        self.problem: tuple[State, str] | None = None
        self.cancelled = False
        self.names_environments = False
        self._tools = tools
        self._switch = Cancel()
        self._recorder = Recorder(build, sink, flush=tools.intervals.flush)

    def run(self) -> None:
        """Plan and run, in this thread. Raises ``Fenced`` where nothing is recorded any more."""
        try:
            with heeding(self._switch):
                _with_connections(self._run)
        except FairleadError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("build %s broke", self.build.pk)
            self._fail(f"internal error: {type(error).__name__}: {error}")
        self._close_recorder()

    def _close_recorder(self) -> None:
        try:
            self._recorder.close()
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 — the recorder logged it
            self._fail(f"its result cannot be stored: {type(error).__name__}: {error}")

    def _run(self) -> None:
        tools = self._tools
        order = make_order(self.build, tools.settings, tools.locate, tools.confide)
        if self._switch.thrown:
            raise FairleadError(self._switch.reason)
        with working_folder(tools.settings.home) as place:
            records = BuildRecords(self.build, place, given_up=lambda: self._switch.thrown)
            order = msgspec.structs.replace(order, records=records, work=place)
            run(order, lambda event: self._emit(event, place), self._switch)
        self.names_environments = verdicts.names_environments(self.build, order.source.tree)

    def _fail(self, reason: str) -> None:
        state = State.CANCELLED if self._switch.thrown else State.ERRORED
        self.problem = (state, self._switch.reason or reason)

    def _emit(self, event: Event, folder: Path) -> None:
        if isinstance(event, RunFinished) and not self._switch.thrown:
            storage = self._tools.storage
            for more in keep_artifacts(self.build, event.result, folder, storage, event.time):
                self._recorder.emit(more)
        if refused := self._recorder.refused:
            self._switch.throw(str(refused))
        self._recorder.emit(event)

    def read_reason(self) -> str:
        """Why it is to end, as whoever cancelled it wrote."""
        return Build.objects.values_list("reason", flat=True).get(pk=self.build.pk)

    def cancel(self, reason: str) -> None:
        """End the run; its result says so and is recorded."""
        self.cancelled = True
        self._switch.throw(reason)

    def abandon(self, reason: str) -> None:
        """End the run and record nothing more of it."""
        self._recorder.abandon()
        self._switch.throw(reason)

    def close(self) -> None:
        """Free the switch."""
        self._switch.close()


def _with_connections(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()
