"""One deployment on one worker: taken, carried out in a process of its own, recorded."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.job_context import JobContext

from fairlead.errors import FairleadError, StoreError
from fairlead.model.deployment import AnyDeployEvent, DeployFinished, DeployOutcome
from fairlead.server.configuration import Configuration
from fairlead.server.engine.connector import PAUSE
from fairlead.server.engine.deployorder import make_order
from fairlead.server.engine.deployrows import DeployRows, NotOurs
from fairlead.server.logs.storage import Storage
from fairlead.server.services import looking
from fairlead.server.store.models import Deployment, DeploymentState
from fairlead.server.store.notify import tell_deployment
from fairlead.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

Apart = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Calls something in a thread that may use Django's connections."""

_FLUSH = 0.15
"""Seconds for which events are gathered."""


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed for a deployment; ``alone`` on its machine, a worker asks for secrets."""

    told: Configuration
    settings: Settings
    storage: Storage
    alone: bool


async def run_deployment(
    context: JobContext, deployment_id: int, *, means: Means, apart: Apart, worker_id: int | None
) -> None:
    """The engine's task. Raises ``JobAborted`` for one that is not this job's to carry out."""
    from fairlead.server.engine.apart.folder import own_folder

    job_id = context.job.id
    claimed = await apart(lambda: claim(deployment_id, job_id, worker_id))
    if claimed is None:
        raise exceptions.JobAborted
    going = _Going(claimed, apart)
    try:
        with own_folder(means.settings.home, f"{deployment_id}-{job_id}") as folder:
            try:
                await _through(going, claimed, folder, means)
            except FairleadError as error:
                going.refuse(str(error))
            # Before the journal goes, which is all that would be left of it.
            await going.finish()
    except StoreError as error:
        going.refuse(str(error))
        await going.finish()
    await apart(lambda: _look_after(claimed))
    if going.stopped:
        raise exceptions.JobAborted


async def _through(going: "_Going", deployment: Deployment, folder: Path, means: Means) -> None:
    from fairlead.server.engine.apart.started import start

    order = await going.uninterrupted(going.apart(lambda: make_order(deployment, folder, means)))
    if going.stopped:
        going.refuse("cancelled before it began", DeployOutcome.CANCELLED)
        return
    process = await start(order)
    going.stop = process.stop
    flushing = asyncio.ensure_future(going.keep_storing())
    try:

        async def hear() -> None:
            async for answer in process.answers():
                if isinstance(answer, AnyDeployEvent):
                    going.events.append(answer)

        await going.uninterrupted(hear())
    finally:
        flushing.cancel()
    if not going.finished:
        raise FairleadError(f"what carried it out broke (exit code {process.code})")


def claim(deployment_id: int, job_id: int | None, worker_id: int | None) -> Deployment | None:
    """Begin one under this job, or ``None`` where it is not (or no longer) ours to begin."""
    waiting = Deployment.objects.filter(
        pk=deployment_id, job_id=job_id, state=DeploymentState.QUEUED
    )
    told = {"started": timezone.now(), "worker_id": worker_id, "reason": ""}
    if not waiting.update(state=DeploymentState.RUNNING, **told):
        return None
    tell_deployment(deployment_id)
    rows = Deployment.objects.select_related("environment", "release", "project")
    return rows.get(pk=deployment_id)


def _look_after(deployment: Deployment) -> None:
    if deployment.environment.read().provider == "ssh":
        looking.look(deployment.environment)


class _Going:
    """A deployment under way: what was told of it and is not stored yet, and its end."""

    def __init__(self, deployment: Deployment, apart: Apart) -> None:
        self.apart = apart
        self.events: list[AnyDeployEvent] = []
        self.stop: Callable[[], None] = lambda: None
        self.stopped = False
        self._began = timezone.now()
        self._id = deployment.pk
        self._rows = DeployRows(deployment.pk, deployment.job_id)
        self._ended = False
        self._lost = False

    @property
    def finished(self) -> bool:
        """Whether its end was told."""
        return self._ended or any(isinstance(one, DeployFinished) for one in self.events)

    def refuse(self, why: str, outcome: DeployOutcome = DeployOutcome.REFUSED) -> None:
        """End it without having done anything; its end may be another one's words already."""
        if not self.finished:
            now = timezone.now()
            took = (now - self._began).total_seconds()
            self.events.append(
                DeployFinished(time=now.timestamp(), outcome=outcome, sentence=why, seconds=took)
            )

    async def uninterrupted(self, work: Awaitable[T]) -> T:
        """Wait for something whatever comes: a person's wish to stop is passed on."""
        task = asyncio.ensure_future(work)
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                # A person's, or the worker's, which waited as long as it was told to.
                self.stopped = True
                self.stop()
        return task.result()

    async def keep_storing(self) -> None:
        """Store what is told, as it is told."""
        while True:
            await asyncio.sleep(_FLUSH)
            await self._store()

    async def finish(self) -> None:
        """Store the rest, whatever the database says meanwhile."""
        await self.uninterrupted(self._all())

    async def _all(self) -> None:
        while self.events:
            await self._store()
            if self.events:
                await asyncio.sleep(PAUSE)

    async def _store(self) -> None:
        batch = list(self.events)
        if not batch:
            return
        if not self._lost:
            try:
                await asyncio.shield(self.apart(lambda: self._rows.store(batch)))
            except (OperationalError, InterfaceError) as error:
                log.warning("deployment %s is not recorded yet: %s", self._id, error)
                return
            except NotOurs as error:
                log.warning("%s", error)
                self._lost = True
        self._ended = self._ended or any(isinstance(one, DeployFinished) for one in batch)
        del self.events[: len(batch)]
