"""What the API tells, as values. Unknown fields are passed over, so that servers may grow.

Times are ISO 8601 text in UTC, durations are seconds, sizes are bytes, places count from 1.
"""

from collections.abc import Mapping

import msgspec

from fairlead.model import Outcome, Plan, Trigger

ENDED = frozenset(Outcome)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a server answers."""


class Me(Answer, frozen=True, kw_only=True):
    """Who the server takes us for, and what that one may do."""

    name: str = ""
    scopes: tuple[str, ...] = ()


class Counts(Answer, frozen=True, kw_only=True):
    """How many tests ended how."""

    passed: int = 0
    bad: int = 0
    skipped: int = 0


class Step(Answer, frozen=True, kw_only=True):
    """One step of an attempt; ``offset`` and ``length`` are its part of the log."""

    name: str
    state: str
    number: int = 0
    code: int | None = None
    seconds: float = 0.0
    reason: str | None = ""
    reused: bool = False
    offset: int = 0
    length: int = 0


class Attempt(Answer, frozen=True, kw_only=True):
    """One go at a job, ``number`` from 1."""

    number: int
    state: str = "running"
    started: str | None = None
    reason: str | None = ""
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()


class Job(Answer, frozen=True, kw_only=True):
    """One job of a build."""

    place: int
    key: str
    name: str = ""
    stage: str = "test"
    state: str = "queued"
    reason: str | None = ""
    seconds: float | None = 0.0
    allow_failure: bool = False
    tests: Counts = Counts()
    attempts: tuple[Attempt, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.state in ENDED


class Build(Answer, frozen=True, kw_only=True):
    """One build; lists come without ``jobs``. ``url`` is its page."""

    id: int
    project: str
    number: int
    state: str
    sentence: str | None = ""
    reason: str | None = ""
    waiting: str | None = ""
    event: str = ""
    branch: str | None = None
    tag: str | None = None
    commit: str | None = None
    message: str | None = ""
    pull_request: str | None = None
    created: str | None = None
    started: str | None = None
    seconds: float | None = 0.0
    tests: Counts = Counts()
    url: str = ""
    jobs: tuple[Job, ...] = ()

    @property
    def name(self) -> str:
        """What the command line calls it: ``shop/12``."""
        return f"{self.project}/{self.number}"

    @property
    def ended(self) -> bool:
        """Whether it has its verdict."""
        return self.state in ENDED


class TestCase(Answer, frozen=True, kw_only=True):
    """One test of an attempt; ``id`` grows in the order they ended."""

    __test__ = False

    id: int
    name: str
    suite: str | None = ""
    node: str | None = ""
    outcome: str = "failed"
    message: str | None = ""


class Artifact(Answer, frozen=True, kw_only=True):
    """A file that a job left: ``job`` is the job's key, ``path`` as the job wrote it."""

    id: int
    path: str
    job: str = ""
    size: int = 0


class StreamAddress(Answer, frozen=True, kw_only=True):
    """Where a live stream is, with a token in it."""

    url: str


class OrderedJob(Answer, frozen=True, kw_only=True):
    """What a job ran on: full version, environment's key, pinned requirements one a line.

    All are empty for a job that never got so far, or has no Python.
    """

    key: str
    place: int = 0
    interpreter: str | None = ""
    environment: str | None = ""
    resolution: str | None = ""


class BuildOrder(Answer, frozen=True, kw_only=True):
    """All it takes to run a build elsewhere; ``repository`` is where to clone from.

    There is no ``plan`` where the build never came to one.
    """

    trigger: Trigger
    commit: str
    plan: Plan | None = None
    repository: str
    parameters: Mapping[str, str] = {}
    only: tuple[str, ...] = ()
    jobs: tuple[OrderedJob, ...] = ()
