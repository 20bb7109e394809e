"""The engine's worker, hardened: procrastinate's own, with each way of getting stuck closed.

Private methods are overridden, so the version is pinned; tests/integration/server/engine fails
where one of them stops having its effect.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from procrastinate import App, exceptions, job_context, jobs, manager, retry, utils, worker
from procrastinate.connector import BaseConnector

from fairlead.server.configuration import Intervals
from fairlead.server.engine.connector import PAUSE, cause, unreachable, until_reached
from fairlead.server.engine.queues import DEPLOY

log = logging.getLogger(__name__)

_DAY = 86400.0


_FETCH = """
SELECT job.*, set_config('synchronous_commit', CASE job.task_name
  WHEN 'run_build' THEN 'off' ELSE current_setting('synchronous_commit') END, true)
FROM procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker_id)s) job
"""
"""Upstream's, but a build does not wait for the disk: claiming it does, and comes after it."""

BEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(engine_id)s"
"""What upstream's heartbeat writes."""


class Manager(manager.JobManager):
    """As shipped, but a job of no queue is not asked for.

    It also knows whether the queue ``deploy`` had nothing when it was last asked, which holds
    until there is ``news`` of a job, or for ``poll`` seconds.
    """

    def __init__(self, connector: BaseConnector, poll: float) -> None:
        super().__init__(connector)
        self._poll = poll
        self._looked = 0.0
        self.news = True

    @property
    def perhaps(self) -> bool:
        """Whether something may wait in the queue ``deploy``."""
        return self.news or time.monotonic() - self._looked >= self._poll

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """The first job that waits in one of ``queues``, ours from now on."""
        asked = None if queues is None else list(queues)
        if asked == []:
            return None
        before, self.news = self.news, False  # what is told from now on is news
        empty = False
        try:
            row = await self.connector.execute_query_one_async(
                _FETCH, queues=asked, worker_id=worker_id
            )
            job = None if row["id"] is None else jobs.Job.from_row(row)
            empty = job is None and (asked is None or DEPLOY in asked)
        finally:
            if empty:
                self._looked = time.monotonic()
            else:
                self.news = self.news or before
        return job


class Worker(worker.Worker):
    """Takes jobs of ``queues``, at most ``slots`` at once, until ``stop`` is called.

    With ``beside`` it takes so many jobs of the queue ``deploy`` too, which have places of their
    own: no rollback waits for a build. ``beat`` is called with the engine's id of this worker at
    its start and with each heartbeat; it writes ``BEAT`` and tells whether the engine knows that
    id. ``chores`` are loops that run beside it. Its own rows of long-dead workers are pruned
    late: losing the row of a worker that lives would make its jobs look abandoned.
    """

    def __init__(
        self,
        app: App,
        *,
        queues: Iterable[str],
        name: str,
        slots: int,
        intervals: Intervals,
        drain_timeout: float | None,
        beat: Callable[[int], Awaitable[bool]],
        chores: Iterable[Callable[[], Awaitable[None]]] = (),
        beside: int = 0,
        context: dict[str, Any] | None = None,
    ) -> None:
        self._slots, self._beside = slots, beside
        self._manager = app.job_manager = Manager(app.job_manager.connector, intervals.poll)
        super().__init__(
            app,
            queues=list(queues),  # a tuple would be sent as a row
            name=name,
            concurrency=slots + beside,
            fetch_job_polling_interval=intervals.poll,
            abort_job_polling_interval=intervals.poll,
            shutdown_graceful_timeout=drain_timeout,
            additional_context=context,
            update_heartbeat_interval=intervals.heartbeat,
            stalled_worker_timeout=_DAY,
        )
        self._beat = beat
        self._chores = tuple(chores)
        self._told = False
        self._known = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Whether it takes no more jobs."""
        return self._stop_event.is_set()

    async def _update_heartbeat(self) -> None:
        """Upstream, one failed beat stops the worker, and a row that is gone is never missed."""
        while True:
            try:
                if self.worker_id is None or not await self._beat(self.worker_id):
                    self.worker_id = await self.app.job_manager.register_worker()
                    await self._beat(self.worker_id)
                self._known.set()
            except exceptions.ConnectorException as error:
                log.warning("no heartbeat: %s", cause(error))
            except Exception:
                log.exception("no heartbeat")
            await asyncio.sleep(self.update_heartbeat_interval)

    async def _periodic_deferrer(self) -> None:
        """Upstream, one error of the database stops the worker."""
        while True:
            try:
                await super()._periodic_deferrer()  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 — whatever it was, the next tick comes
                log.warning("periodic tasks: %s", error)
                await asyncio.sleep(PAUSE)
            else:
                return

    @property
    def queues(self) -> Iterable[str] | None:
        """Those of which a job could begin now; ``None`` is for all."""
        if self._queues is None or not self._beside:
            return self._queues
        running = [context.job.queue == DEPLOY for context in self._under_way()]
        deploying = sum(running)
        free = self._queues if len(running) - deploying < self._slots else []
        asking = deploying < self._beside and bool(free or self._manager.perhaps)
        return [*free, DEPLOY] if asking else list(free)

    @queues.setter
    def queues(self, queues: Iterable[str] | None) -> None:
        self._queues = queues if queues is None else list(queues)

    def _under_way(self) -> list[job_context.JobContext]:
        return [context for task, context in self._running_jobs.items() if not task.done()]

    async def _process_job(self, context: job_context.JobContext) -> None:
        try:
            await super()._process_job(context)
        finally:
            if self._beside:
                # Its kind may have been full, and others of it have waited since.
                self._manager.news = self._manager.news or context.job.queue == DEPLOY
                self._new_job_event.set()

    async def _handle_notification(self, *, channel: str, notification: jobs.Notification) -> None:
        if notification["type"] == "job_inserted":
            self._manager.news = self._told = True
        await super()._handle_notification(channel=channel, notification=notification)

    async def _fetch_and_process_jobs(self) -> None:
        """Upstream, a database that is away for longer than the pool waits ends the worker.

        Nothing is taken before the first beat, or nobody could tell whose the first builds are.
        """
        if not self._known.is_set():
            await utils.wait_any(self._stop_event.wait(), self._known.wait())
        self._told = False
        try:
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]
        except exceptions.ConnectorException as error:
            log.warning("no jobs can be taken: %s", cause(error))
            await utils.wait_any(self._stop_event.wait(), asyncio.sleep(PAUSE))
        if self._told:
            # Told while the database was asked, which upstream forgets.
            self._new_job_event.set()

    async def _persist_job_status(
        self,
        job: jobs.Job,
        status: jobs.Status,
        retry_decision: retry.RetryDecision | None,
        context: job_context.JobContext,
        job_result: job_context.JobResult | None,
    ) -> None:
        """Upstream, a job that ends while the database is away is "doing" for ever."""
        persist = super()._persist_job_status

        async def once() -> None:
            await persist(job, status, retry_decision, context, job_result)

        try:
            await until_reached(f"the end of job {job.id} is not stored", once)
        except exceptions.ConnectorException as error:
            # It is no longer ours: given up for dead, or stored by a try whose answer was lost.
            log.warning("the end of job %s was not accepted: %s", job.id, cause(error))
            if job.id is not None:
                self._job_ids_to_abort.pop(job.id, None)

    def _start_side_tasks(self) -> list[asyncio.Task[Any]]:
        # Every queue's channel: one of each subset of labels would be too many.
        queues, self._queues = self._queues, None
        try:
            tasks = super()._start_side_tasks()
        finally:
            self._queues = queues
        chores = (asyncio.ensure_future(self._repeat(chore)) for chore in self._chores)
        return [*tasks, *chores]

    async def _repeat(self, chore: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await chore()
            except Exception as error:  # noqa: BLE001 — a chore that failed is done again
                log.warning("%s: %s", getattr(chore, "__qualname__", chore), error)
                await asyncio.sleep(PAUSE)

    async def _shutdown(self, side_tasks: list[asyncio.Task[Any]]) -> None:
        """Upstream stops heartbeats and aborts first, so a draining worker looks dead.

        Here only what makes new jobs stops first; all else goes on until the last job ended.
        """
        first = [task for task in side_tasks if task.get_name() == "deferrer"]
        await utils.cancel_and_capture_errors(first)
        try:
            await super()._shutdown([])
        except exceptions.ConnectorException as error:
            if not unreachable(error):
                raise
            log.warning("stopped without telling the database: %s", cause(error))
        finally:
            rest = [task for task in side_tasks if task not in first]
            await utils.cancel_and_capture_errors(rest)
