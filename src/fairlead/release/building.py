"""What a release holds beside the commit's files, made in a job's sandbox and environment.

The project is installed by its own build, then the ``build`` commands of ``release:`` run, as a
job's steps would: with the locked packages, a clean set of variables, and no secrets.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fairlead.errors import ReleaseFailed
from fairlead.model import Event, Job
from fairlead.model.environment import Packaging
from fairlead.release.archive import Piece
from fairlead.release.collecting import made_pieces, site_pieces
from fairlead.runner.baseline import Baseline
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Checkout, Source, fill_workspace
from fairlead.runner.environments import (
    Environment,
    EnvironmentRequest,
    Environments,
    LocalProject,
)
from fairlead.runner.environments.scripts import python_body
from fairlead.runner.execute import Watch, execute
from fairlead.runner.files import matching
from fairlead.runner.history import History
from fairlead.runner.job import Options, Shared
from fairlead.runner.log import Log
from fairlead.runner.prepare import Going, Ready, make_ready
from fairlead.runner.pythons import Interpreter
from fairlead.runner.sandbox import choose
from fairlead.runner.secrets import Secrets
from fairlead.settings import Settings
from fairlead.util.errand import Aside, Errand
from fairlead.util.redact import Redactor

_TIMEOUT = 3600.0
_SILENCE = 600.0
_LAST = 4000  # characters of what a failing command wrote that are shown


class Building(msgspec.Struct, frozen=True, kw_only=True):
    """What is built with what: ``work`` is an empty folder, ``host`` the person's variables.

    ``lines`` are requirements of the wheels that go along, ``projects`` the project's own folders
    to install.
    """

    source: Source
    packaging: Packaging
    lines: tuple[str, ...]
    projects: tuple[LocalProject, ...]
    interpreter: Interpreter
    environments: Environments
    settings: Settings
    host: Mapping[str, str]
    work: Path
    variables: Mapping[str, str]
    emit: Callable[[str], None]
    cancel: Cancel

    @property
    def needed(self) -> bool:
        """Whether there is anything to build, or to look for where it would be."""
        return bool(self.packaging.build or self.packaging.include or self.projects)


@contextmanager
def built(building: Building) -> Iterator[tuple[Piece, ...]]:
    """The files that were made, as long as they are there.

    Raises ``ReleaseFailed`` with what a command wrote, ``EnvironmentFailed`` where the locked
    packages or the project cannot be installed, ``SandboxFailed``.
    """
    if not building.needed:
        yield ()
        return
    packaging = building.packaging
    with _ready(building) as (going, ready):
        for command in packaging.build:
            _run(building, going, ready, command)
        names = matching(going.workspace, packaging.include)
        if packaging.include and not names:
            raise ReleaseFailed(
                f"nothing was made that matches release: include ({', '.join(packaging.include)})",
                hint="it is relative to the project's root",
            )
        folder = going.place / "env"
        site = folder / building.interpreter.site
        installed = site_pieces(folder, site, lambda path: python_body(path, folder / "bin"))
        yield (*installed, *made_pieces(going.workspace, names, packaging.exclude))


@contextmanager
def _ready(building: Building) -> Iterator[tuple[Going, Ready]]:
    """A sandbox with the files, the locked packages and the project installed."""
    shared = _shared(building)
    job = Job(
        id="release",
        name="release",
        python=building.interpreter.version,
        timeout=_TIMEOUT,
        env=tuple(building.variables.items()),
    )
    place = building.work / "job"
    log = Log(
        building.work / "log",
        limit=building.settings.log,
        redactor=Redactor(()),
        emit=lambda _step, _data: None,
    )
    checkout = Checkout(lambda: fill_workspace(building.source, place / "ws"))
    checkout.begin()
    try:
        going = Going(
            shared=shared,
            job=job,
            attempt=1,
            place=place,
            environment=_environment(building, place / "ws", checkout),
            checkout=checkout,
            log=log,
            cancel=building.cancel,
            phase=_quiet,
            deadline=time.monotonic() + _TIMEOUT,
        )
        with make_ready(going) as ready:
            yield going, ready
    finally:
        log.close()
        checkout.wait()
        shared.aside.wait()


def _shared(building: Building) -> Shared:
    source, settings = building.source, building.settings
    trigger = source.trigger()
    return Shared(
        number=0,
        source=source,
        trigger=trigger,
        settings=settings,
        sandbox=choose(settings.sandbox, settings.home),
        environments=building.environments,
        secrets=Secrets(),
        options=Options(reuse=False),
        folder=building.work / "run",
        work=building.work,
        emit=_ignore,
        host=building.host,
        baseline=Baseline(History(source.root), source, trigger),
        pythons=Errand(lambda: (building.interpreter,)),
        aside=Aside(),
    )


def _environment(building: Building, workspace: Path, checkout: Checkout) -> Environment:
    """The stored environment of exactly the wheels that go along; nothing is resolved for it."""
    request = EnvironmentRequest(
        interpreter=building.interpreter,
        root=workspace,
        pinned=building.lines,
        projects=building.projects,
    )
    return building.environments.prepare(
        request,
        building.emit,
        files=checkout.finish,
        pip=False,
        recorded="",
    )


def _run(building: Building, going: Going, ready: Ready, command: str) -> None:
    box = ready.box
    assert box is not None  # noqa: S101 — nothing is reused here
    building.emit(f"$ {command}")
    wrote: list[str] = []

    def sink(data: bytes) -> None:
        going.log.write(data)
        wrote.append(data.decode("utf-8", "replace"))

    ended = execute(
        box.start(("bash", "-eo", "pipefail", "-c", command), ready.variables, cwd=ready.root),
        watch=Watch(timeout=max(0.0, going.deadline - time.monotonic()), silence=_SILENCE),
        cancel=building.cancel,
        sink=sink,
        check=box.exceeded,
    )
    if ended.code != 0:
        why = ended.reason or f"exit code {ended.code}"
        text = "".join(wrote)[-_LAST:].strip()
        raise ReleaseFailed(f"{command}: {why}" + (f"\n{text}" if text else ""))


def _ignore(_event: Event) -> None:
    """What is told of is told by ``emit``."""


@contextmanager
def _quiet(_name: str) -> Iterator[None]:
    yield
