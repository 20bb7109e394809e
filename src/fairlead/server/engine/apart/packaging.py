"""Making a release, in the process that does nothing else."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairlead.errors import PipelineError
from fairlead.model.environment import Migrations, Packaging
from fairlead.pipeline.environments import Deployments, find_environments
from fairlead.release.package import package
from fairlead.release.reading import read_release
from fairlead.release.signing import own_key
from fairlead.release.tags import Tagger
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Source, open_commit
from fairlead.server.engine.apart.orders import Made, Package, Progressed
from fairlead.settings import Settings, load_settings
from fairlead.util.digest import sha256


async def make(told: Package, emit: Callable[[object], None], stop: asyncio.Event) -> Made:
    """The release file, in the order's folder. Raises ``FairleadError``."""
    cancel = Cancel()
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(None, _make, told, emit, cancel)
    stopping = asyncio.ensure_future(stop.wait())
    both: set[asyncio.Future[Any]] = {work, stopping}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        cancel.throw("cancelled")
    stopping.cancel()
    return await work


def _make(told: Package, emit: Callable[[object], None], cancel: Cancel) -> Made:
    settings = load_settings(os.environ)
    source = open_commit(Path(told.repository), settings.home, told.commit)
    found = find_environments(source.tree, told.project)
    if bad := [problem for problem in found.problems if not problem.warning]:
        raise PipelineError(bad)
    file = _file(told, (source, found), settings, emit, cancel)
    public = own_key(settings.config).public
    return Made(
        file=str(file),
        manifest=read_release(file, trusted={public}, deep=False),
        public_key=public,
        sha256=_digest(file),
        size=file.stat().st_size,
        keep=found.packaging.keep,
        tag=_tag(told, source, found.packaging),
    )


def _file(
    told: Package,
    what: tuple[Source, Deployments],
    settings: Settings,
    emit: Callable[[object], None],
    cancel: Cancel,
) -> Path:
    source, found = what
    return package(
        source,
        found.packaging,
        settings=settings,
        host=os.environ,
        folder=Path(told.folder),
        project=told.project,
        build=told.build,
        verdict=told.verdict,
        branch=told.branch,
        tag=told.tag,
        tested=told.tested,
        migrations=[one.migrations for one in found.environments] or [Migrations()],
        emit=lambda text: emit(Progressed(text=text)),
        cancel=cancel,
    )


def _tag(told: Package, source: Source, packaging: Packaging) -> str:
    """The annotated tag that the project wants, in a repository that is ours to write to."""
    if not told.tagging:
        return ""
    tagger = Tagger(source=source, pattern=packaging.tag, branch=told.branch)
    name = tagger.name(told.number)
    if name:
        text = f"Release {told.number} of {told.project}\n\n{told.build}: {told.verdict}"
        tagger.make(name, text, told.by)
    return name


def _digest(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as data:
        while piece := data.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
