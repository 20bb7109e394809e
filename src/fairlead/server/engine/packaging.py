"""Making releases: claimed, made in a process of its own, kept in storage."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.job_context import JobContext

from fairlead.errors import FairleadError
from fairlead.runner.places import working_folder
from fairlead.server.engine.apart.orders import Made, Package, Progressed, Refused
from fairlead.server.engine.apart.started import start
from fairlead.server.engine.deploying import Apart, Means
from fairlead.server.engine.order import Locate
from fairlead.server.services import deployments, releases
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import Build, Job, Project, Release
from fairlead.server.store.notify import tell
from fairlead.server.store.releases import ReleaseQuerySet

log = logging.getLogger(__name__)

_PIECE = 1 << 20
_SELDOM = 1.0
"""Seconds between two words about how far it is."""


async def make_release(
    context: JobContext, release_id: int, *, means: Means, apart: Apart, locate: Locate
) -> None:
    """The engine's task. Raises ``JobAborted`` for one that is not this job's to make."""
    job_id = context.job.id
    release = await apart(lambda: _claim(release_id, job_id))
    if release is None:
        raise exceptions.JobAborted
    why = ""
    try:
        with working_folder(means.settings.home) as folder:
            order = await apart(lambda: _order(release, folder, means, locate))
            made = await _made(release, order, apart)
            await apart(lambda: _keep(release, made, means))
    except FairleadError as error:
        why = str(error)
    except Exception as error:
        log.exception("release %s broke", release_id)
        why = f"internal error: {type(error).__name__}: {error}"
    if why:
        await apart(lambda: _fail(release, why))
    await apart(lambda: deployments.move_on(release=release_id))


async def _made(release: Release, order: Package, apart: Apart) -> Made:
    process = await start(order)
    last: Made | Refused | None = None
    told = 0.0
    loop = asyncio.get_running_loop()
    try:
        async for answer in process.answers():
            if isinstance(answer, Made | Refused):
                last = answer
            elif isinstance(answer, Progressed) and loop.time() - told > _SELDOM:
                told = loop.time()
                await apart(partial(_progress, release, answer.text))
    except asyncio.CancelledError:
        process.stop()
        raise
    if isinstance(last, Made):
        return last
    raise FairleadError(last.reason if last else f"it broke (exit code {process.code})")


def _claim(release_id: int, job_id: int | None) -> Release | None:
    rows = Release.objects.filter(pk=release_id, job_id=job_id, state=Release.State.QUEUED)
    if not rows.update(state=Release.State.RUNNING, started=timezone.now(), progress=""):
        return None
    tell(0)
    return Release.objects.select_related("project", "build").get(pk=release_id)


def _order(release: Release, folder: Path, means: Means, locate: Locate) -> Package:
    build = release.build
    if build is None:
        raise FairleadError("its build was removed")
    repository = locate(build)
    return Package(
        folder=str(folder),
        repository=str(repository),
        commit=release.commit,
        project=release.project.name,
        number=release.number,
        branch=release.branch,
        tag=release.tag,
        build=f"build {build.number}",
        verdict=release.verdict,
        tested=_tested(build),
        tagging=_may_tag(release) and not means.alone,
        by=release.by,
    )


def _may_tag(release: Release) -> bool:
    return release.project.kind == Project.Kind.HOSTED and not release.pull_request


def _tested(build: Build) -> tuple[str, ...]:
    """The pinned packages that one of its jobs ran with."""
    for job in Job.objects.filter(build=build).order_by("place"):
        result = job.read_result()
        if result and result.resolution:
            return tuple(result.resolution.splitlines())
    return ()


def _progress(release: Release, text: str) -> None:
    _ours(release).update(progress=clean(text, 500))
    tell(0)


def _keep(release: Release, made: Made, means: Means) -> None:
    """The file into storage first, its row after."""
    key = f"releases/{release.project_id}/{release.pk}-{uuid4().hex[:12]}"
    means.storage.write(key, _pieces(Path(made.file)))
    committed = datetime.fromtimestamp(made.manifest.committed, UTC)
    now = timezone.now()
    with transaction.atomic():
        ours = _ours(release).update(
            state=Release.State.READY,
            key=key,
            sha256=made.sha256,
            size=made.size,
            public_key=made.public_key,
            manifest=pack(made.manifest),
            version=made.manifest.version,
            committed=committed if made.manifest.committed else None,
            tag=made.tag or release.tag,
            finished=now,
            seconds=(now - (release.started or now)).total_seconds(),
            progress="",
            reason="",
        )
        tell(0)
    if not ours:
        means.storage.remove(key)
    else:
        releases.prune(release.project, made.keep, means.storage)


def _fail(release: Release, why: str) -> None:
    _ours(release).update(
        state=Release.State.FAILED, reason=clean(why), finished=timezone.now(), progress=""
    )
    tell(0)


def _ours(release: Release) -> ReleaseQuerySet:
    return Release.objects.filter(pk=release.pk, job_id=release.job_id, state=Release.State.RUNNING)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            yield piece
