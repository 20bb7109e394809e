"""A pipeline file as it is written: read and checked for kinds, not yet expanded into jobs.

``None`` means that a key is absent, so that jobs can take the file's own defaults.
"""

from fairlead.model import (
    Artifacts,
    CoverageGate,
    Limits,
    Location,
    Network,
    Pairs,
    ReportFiles,
    Retry,
    Reuse,
    Service,
    Value,
    ViolationGate,
)
from fairlead.pipeline.document import Scalar

Cells = tuple[tuple[Scalar, tuple[Scalar, ...]], ...]
"""Axes and the values that are meant, as written."""


class Pythons(Value, frozen=True, kw_only=True):
    """Versions as written; an ``axis`` (a list) makes a job for each, none means no Python."""

    versions: tuple[Scalar, ...] = ()
    axis: bool = False


class Selector(Value, frozen=True, kw_only=True):
    """Some cells of a matrix."""

    cells: Cells
    location: Location


class Matrix(Value, frozen=True, kw_only=True):
    """A job's own axes, and what is left out and added."""

    axes: Cells = ()
    exclude: tuple[Selector, ...] = ()
    include: tuple[Selector, ...] = ()
    location: Location


class InstallSpec(Value, frozen=True, kw_only=True):
    """What to install; ``project`` may still be ``auto``. ``detect`` leaves all to detection."""

    requirements: tuple[Scalar, ...] = ()
    constraints: tuple[Scalar, ...] = ()
    packages: tuple[str, ...] = ()
    extras: tuple[Scalar, ...] = ()
    groups: tuple[Scalar, ...] = ()
    lock: Scalar | None = None
    project: str = "auto"
    detect: bool = False


class StepSpec(Value, frozen=True, kw_only=True):
    """One entry of ``run``. ``cache`` is ``False`` for never."""

    command: str
    name: str = ""
    env: Pairs = ()
    timeout: float | None = None
    silence: float | None = None
    retry: Retry | None = None
    cache: Reuse | bool | None = None
    tool: str | None = None


class When(Value, frozen=True, kw_only=True):
    """Globs that must all find something; empty ones ask for nothing."""

    branch: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Common(Value, frozen=True, kw_only=True):
    """What can stand at the top of the file and in a job. ``silence`` 0 means no limit."""

    location: Location
    python: Pythons | None = None
    env: Pairs | None = None
    install: InstallSpec | None = None
    secrets: tuple[str, ...] | None = None
    services: tuple[Service, ...] | None = None
    network: Network | None = None
    limits: Limits | None = None
    timeout: float | None = None
    silence: float | None = None
    retry: Retry | None = None
    missing: str | None = None
    cache: Reuse | bool | None = None
    coverage: CoverageGate | bool | None = None
    violations: tuple[ViolationGate, ...] | None = None


class JobSpec(Common, frozen=True, kw_only=True):
    """One entry of ``jobs``."""

    name: str = ""
    stage: Scalar | None = None
    matrix: Matrix | None = None
    needs: tuple[Scalar, ...] = ()
    when: tuple[When, ...] = ()
    setup: tuple[StepSpec, ...] = ()
    run: tuple[StepSpec, ...] = ()
    after: tuple[StepSpec, ...] = ()
    allow_failure: bool | tuple[Selector, ...] = False
    artifacts: Artifacts = Artifacts()
    reports: ReportFiles = ReportFiles()


class FileSpec(Common, frozen=True, kw_only=True):
    """The whole file."""

    stages: tuple[Scalar, ...] = ()
    jobs: tuple[JobSpec, ...] = ()
    fail_fast: bool = False
    fast_finish: bool = False
