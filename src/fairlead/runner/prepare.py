"""Between the environment and the first step: sandbox, services, the project itself."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.model import Job, Limits, ReportFiles
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Checkout, readable_objects
from fairlead.runner.collect import INSIDE
from fairlead.runner.collect.prepare import prepare as compile_hooks
from fairlead.runner.environments import Environment, Layer, layer, read_request
from fairlead.runner.environments.tools import calls_pip
from fairlead.runner.execute import Watch, execute
from fairlead.runner.log import Log
from fairlead.runner.pythons import choose
from fairlead.runner.recorded import same_interpreter
from fairlead.runner.sandbox.base import Box, BoxSpec
from fairlead.runner.variables import step_variables
from fairlead.settings import Settings

if TYPE_CHECKING:
    from fairlead.runner.job import Shared
    from fairlead.runner.reuse import Reusing

Phase = Callable[[str], AbstractContextManager[None]]


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What steps need. There is no ``box`` where every step's success is known already."""

    box: Box | None
    root: str
    channel: Path
    variables: Mapping[str, str]
    reuse: "Reusing | None"


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as far as preparing it goes. ``place`` is its folder on the host."""

    shared: "Shared"
    job: Job
    attempt: int
    place: Path
    environment: Environment | None
    checkout: Checkout
    log: Log
    cancel: Cancel
    phase: Phase
    deadline: float

    @property
    def workspace(self) -> Path:
        """The checked-out files, on the host."""
        return self.place / "ws"

    @property
    def channel(self) -> Path:
        """Where plugins and steps leave what they tell us; the box can write to it."""
        return self.place / "channel"

    @property
    def services(self) -> Path:
        """Where services keep their data; the box can write to it."""
        return self.place / "services"


@contextmanager
def make_ready(going: Going) -> Iterator[Ready]:
    """Everything up to the first step; torn down at the end. Raises ``FairleadError``s.

    Where every step's success is known, the files are left out that nobody will look for.
    """
    going.workspace.mkdir(parents=True, exist_ok=True)
    going.channel.mkdir()
    if going.job.measure_coverage:
        (going.channel / "coverage").mkdir()
    env = _layer(going)
    variables = _variables(going, env)
    reuse = _reusing(going, variables)
    if reuse and reuse.all_known:
        if reuse.with_outputs or going.job.artifacts.paths or going.job.reports != ReportFiles():
            going.checkout.finish()
        yield Ready(
            box=None, root=_inside(going), channel=going.channel, variables=variables, reuse=reuse
        )
        return
    with ExitStack() as stack:
        going.checkout.begin()
        box = going.shared.sandbox.open(_box_spec(going, env))
        stack.callback(_leave, going, box)
        going.checkout.finish()
        if going.job.services:
            with going.phase("services"):
                variables = variables | _services(going, box, variables, stack)
        if env and env.environment.projects:
            with going.phase("install"):
                _install_projects(going, box, env, variables)
        yield Ready(box=box, root=box.root, channel=going.channel, variables=variables, reuse=reuse)


def _leave(going: Going, box: Box) -> None:
    """Close the box: beside what follows, where nothing in it can be in anybody's way."""
    if going.shared.sandbox.isolated:
        going.shared.aside.begin(box.close)
    else:
        box.close()


def prepare_environment(
    shared: "Shared",
    job: Job,
    workspace: Path,
    progress: Callable[[str], None],
    files: Callable[[], None],
) -> Environment | None:
    """The stored environment for a job, ``None`` for a job without Python.

    ``files`` fills the workspace, and is called only where something has to be built. Raises
    ``InterpreterNotFound`` and ``EnvironmentFailed``.
    """
    if job.python is None:
        return None
    pythons = shared.pythons.result()
    before = shared.recorded.get(job.id)
    interpreter = (
        same_interpreter(pythons, job.python, before) if before else choose(pythons, job.python)
    )
    request = read_request(
        job.install,
        workspace,
        interpreter=interpreter,
        trust="trusted" if shared.trigger.trusted else "untrusted",
        tree=shared.source.tree,
    )
    beside = ("coverage",) if job.measure_coverage else ()
    environment = shared.environments.prepare(
        request,
        progress,
        beside=beside,
        files=files,
        pip=calls_pip(job),
        recorded=before.resolution if before else None,
    )
    if not environment.reused:
        compile_hooks(environment.interpreter.path)
    return environment


def _layer(going: Going) -> Layer | None:
    if going.environment is None:
        return None
    return layer(
        going.environment,
        going.place / "env",
        extra_paths=(INSIDE,),
        imports=("fairlead_boot",),
        prompt=going.job.id,
    )


def _inside(going: Going) -> str:
    """Where the job sees its workspace."""
    return "/ws" if going.shared.sandbox.moves else str(going.workspace)


def _variables(going: Going, env: Layer | None) -> dict[str, str]:
    shared, job = going.shared, going.job
    own = {"FAIRLEAD_EVENTS": str(going.channel / "events.jsonl")}
    own["FAIRLEAD_WORKSPACE"] = _inside(going)
    if job.measure_coverage:
        own["FAIRLEAD_COVERAGE"] = str(going.channel / "coverage")
    secrets = shared.secrets.resolve(job.secrets) if shared.trigger.trusted else {}
    return step_variables(
        job,
        shared.trigger,
        host=shared.host,
        layer=env.variables if env else {},
        run=shared.number,
        attempt=going.attempt,
        extra=(*own.items(), *secrets.items()),
    )


def _reusing(going: Going, variables: Mapping[str, str]) -> "Reusing | None":
    shared, job = going.shared, going.job
    if job.session or not any(step.reuse for step in job.steps):
        return None
    from fairlead.runner.reuse import Reusing
    from fairlead.runner.stepcache import KeyParts, StepCache

    trusted = shared.trigger.trusted
    parts = KeyParts(
        environment=going.environment.key if going.environment else "",
        tree=shared.source.tree_id,
        entries=shared.source.tree.entries,
        root=shared.source.root,
    )
    return Reusing(
        cache=StepCache(shared.settings.home / "steps"),
        job=job,
        parts=parts,
        variables=variables,
        log=going.log,
        workspace=going.workspace,
        run=shared.number,
        # What was made with secrets may hold some, and is not for strangers.
        replaying=shared.options.reuse and (trusted or not job.secrets),
        keeping=trusted,
        verify=shared.options.verify,
    )


def _box_spec(going: Going, env: Layer | None) -> BoxSpec:
    shared, job = going.shared, going.job
    scratch = going.place / "scratch"
    scratch.mkdir()
    writable = [going.channel]
    if job.services:
        going.services.mkdir()
        writable.append(going.services)
    if env:
        writable += env.writable
    return BoxSpec(
        name=job.id,
        workspace=going.workspace,
        scratch=scratch,
        inside=_inside(going),
        readable=(*(env.readable if env else ()), INSIDE, *readable_objects(shared.source)),
        writable=tuple(writable),
        network=job.network,
        limits=limits_of(job, shared.settings),
    )


def limits_of(job: Job, settings: Settings) -> Limits:
    """What a job may use: as it asks, else as this machine is set up."""
    asked = job.limits
    return Limits(
        memory=asked.memory or settings.memory,
        processes=asked.processes or settings.processes,
        disk=asked.disk or settings.disk,
        files=asked.files,
    )


def _services(
    going: Going, box: Box, variables: Mapping[str, str], stack: ExitStack
) -> dict[str, str]:
    from fairlead.runner.services import start_all

    started = start_all(
        going.job.services,
        box,
        going.services,
        str(going.services),
        going.shared.settings.home / "services",
        variables,
        lambda: going.cancel.reason,
    )
    stack.callback(started.close)
    return dict(started.env)


def _install_projects(going: Going, box: Box, env: Layer, variables: Mapping[str, str]) -> None:
    """Install the project itself into the job's layer, by its own build code, in the box."""
    from fairlead.runner.environments.project import Workspace

    going.log.line("$ install the project")

    def execute_in_box(argv: Sequence[str], own: Mapping[str, str], cwd: str) -> tuple[int, bytes]:
        pieces: list[bytes] = []

        def sink(data: bytes) -> None:
            pieces.append(data)
            going.log.write(data)

        ended = execute(
            box.start(argv, {**variables, **own}, cwd=cwd),
            watch=Watch(timeout=max(0.0, going.deadline - time.monotonic())),
            cancel=going.cancel,
            sink=sink,
            check=box.exceeded,
        )
        if ended.code is None:
            raise EnvironmentFailed(f"installing the project: {ended.reason}")
        return ended.code, b"".join(pieces)

    source = going.shared.source
    workspace = Workspace(
        folder=going.workspace,
        inside=box.root,
        tree_key=source.tree_id,
        describe=source.describe,
    )
    going.shared.environments.install_projects(env, workspace, execute_in_box)
