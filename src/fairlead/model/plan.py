"""What is to be run: the values a pipeline file is turned into.

All durations are seconds, all paths are relative to the project's root with ``/`` between the
parts, and every collection is a tuple, so that a plan can be hashed, compared and sent as JSON.
"""

from enum import StrEnum

import msgspec

Pairs = tuple[tuple[str, str], ...]
"""Ordered name/value pairs; a tuple because plans are frozen and order is meaningful in bash."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the values that flow: frozen, compared by content, encodable as JSON."""


class Location(Value, frozen=True, kw_only=True):
    """A place in a text file; ``line`` and ``column`` count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column or 1}"


class Problem(Value, frozen=True, kw_only=True):
    """Something wrong (or doubtful) in a file a person wrote."""

    location: Location
    message: str
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.location}: {kind}{self.message}{hint}"


class Origin(StrEnum):
    """Where a plan came from."""

    NATIVE = "native"
    TRAVIS = "travis"
    DETECTED = "detected"


class Phase(StrEnum):
    """What a step is for, and so what its failure means.

    A failing SETUP step makes the job *errored*, a failing SCRIPT step makes it *failed*; the
    exit codes of the other phases are shown and otherwise ignored.
    """

    SETUP = "setup"
    SCRIPT = "script"
    AFTER_SUCCESS = "after_success"
    AFTER_FAILURE = "after_failure"
    AFTER = "after"


class Retry(Value, frozen=True, kw_only=True):
    """``times`` further attempts when the end is one of ``on``: failed, errored, timeout."""

    times: int
    on: tuple[str, ...] = ("failed", "errored", "timeout")


class Reuse(Value, frozen=True, kw_only=True):
    """The declared inputs of a step whose success may be reused.

    ``inputs`` are globs in the tree (empty: the whole tree), ``env`` names of variables that
    matter, ``files`` files outside the tree's tracked content (ignored ones) whose bytes matter,
    ``outputs`` globs of what the step leaves behind and a reuse must restore.
    """

    inputs: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


class Step(Value, frozen=True, kw_only=True):
    """One command of a job. ``tool`` names the violation reader for its output, or is empty."""

    name: str
    command: str
    phase: Phase = Phase.SCRIPT
    label: str = ""
    """The phase's name in the file it came from (``before_script``), where it has one."""
    env: Pairs = ()
    timeout: float | None = None
    silence: float | None = None
    retry: Retry | None = None
    reuse: Reuse | None = None
    tool: str = ""


class Network(Value, frozen=True, kw_only=True):
    """``mode`` is ``full``, ``none`` (loopback only) or ``hosts`` (an allow-list, by proxy)."""

    mode: str = "full"
    hosts: tuple[str, ...] = ()


class Limits(Value, frozen=True, kw_only=True):
    """Resource limits of a job: bytes, counts; ``None`` is the runner's default."""

    memory: int | None = None
    processes: int | None = None
    disk: int | None = None
    files: int | None = None


class Service(Value, frozen=True, kw_only=True):
    """A program a job needs beside it: ``kind`` is ``postgres``, ``redis`` or ``command``.

    ``ready`` is a shell command that succeeds once the service answers. ``env`` is what the
    job's steps get, with ``{port}``, ``{socket}``, ``{folder}`` and ``{host}`` filled in.
    ``version`` is the version as asked for (``15``), empty for whichever there is.
    """

    name: str
    kind: str
    version: str = ""
    command: str = ""
    ready: str = ""
    env: Pairs = ()
    timeout: float = 30.0


class Install(Value, frozen=True, kw_only=True):
    """What goes into a job's environment before its first step.

    ``project`` is ``editable``, ``wheel`` or ``none``; ``lock`` is a lock file that fixes the
    versions (``uv.lock``, ``pylock.toml`` or a requirements file with hashes).
    """

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lock: str = ""
    project: str = "none"


class Artifacts(Value, frozen=True, kw_only=True):
    """Files a job leaves for people: globs, and for how many days they are kept (0: for ever)."""

    paths: tuple[str, ...] = ()
    days: int = 0


class ReportFiles(Value, frozen=True, kw_only=True):
    """Report files a job writes: globs by kind; ``violations`` pairs a tool with a glob."""

    junit: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ()
    violations: Pairs = ()


class CoverageGate(Value, frozen=True, kw_only=True):
    """Least percentages (0-100): of all lines, and of the lines a change touched."""

    minimum: float | None = None
    changed: float | None = None


class ViolationGate(Value, frozen=True, kw_only=True):
    """At most ``maximum`` violations, or with ``no_new`` none that were not there before.

    ``tool`` limits the gate to one tool; empty means all of the job's tools together.
    """

    tool: str = ""
    maximum: int | None = None
    no_new: bool = False


class Job(Value, frozen=True, kw_only=True):
    """One cell of the matrix: what runs in one environment, on one machine, in one go.

    ``session`` runs all steps in one shell (as Travis does), where every SCRIPT step runs
    whatever the others returned; otherwise each step has a shell of its own and the first
    failure ends the job. ``python`` is the version as asked for (``3.12``), ``None`` for a job
    that needs no Python environment. ``missing`` is ``error`` or ``skip``: what becomes of the
    job where that version is absent.
    """

    id: str
    name: str
    stage: str = "test"
    axes: Pairs = ()
    python: str | None = None
    missing: str = "error"
    needs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    session: bool = False
    install: Install = Install()
    env: Pairs = ()
    secrets: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    network: Network = Network()
    limits: Limits = Limits()
    timeout: float = 3600.0
    silence: float | None = 600.0
    retry: Retry | None = None
    allow_failure: bool = False
    artifacts: Artifacts = Artifacts()
    reports: ReportFiles = ReportFiles()
    measure_coverage: bool = False
    coverage: CoverageGate | None = None
    violations: tuple[ViolationGate, ...] = ()


class Skipped(Value, frozen=True, kw_only=True):
    """A job that does not run, and why."""

    job: str
    reason: str


class Deploy(Value, frozen=True, kw_only=True):
    """A deployment the file asks for; planned and shown, run by the deploying half."""

    provider: str
    condition: str = ""


class Plan(Value, frozen=True, kw_only=True):
    """The jobs that will run, in order, and what was left out.

    Every id in a job's ``needs`` is a job of the plan; a job starts when all it needs have
    passed and (unless it has ``needs``) all required jobs of the stages before have passed.
    """

    source: str
    origin: Origin
    jobs: tuple[Job, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    stages: tuple[str, ...] = ("test",)
    fail_fast: bool = False
    fast_finish: bool = False
    warnings: tuple[Problem, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why a detected plan is as it is, one sentence a decision."""
    keyword: str = ""
    """Only tests that match this are run; empty for all."""
