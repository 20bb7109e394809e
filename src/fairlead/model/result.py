"""How it went: the values a run leaves behind."""

from enum import StrEnum

from .plan import Pairs, Plan, Skipped, Value
from .report import Report, TestCase, Violation
from .trigger import Trigger


class Outcome(StrEnum):
    """How a step, a job or a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return {"passed": 0, "failed": 1, "errored": 2, "cancelled": 130}[self]


class StepResult(Value, frozen=True, kw_only=True):
    """How one step ended. ``code`` is its exit code, negative for a signal, None if not known.

    ``offset`` and ``length`` are the bytes of the attempt's log that this step wrote.
    """

    name: str
    outcome: Outcome
    code: int | None = None
    seconds: float = 0.0
    reason: str = ""
    reused: bool = False
    attempt: int = 1
    offset: int = 0
    length: int = 0
    phase: str = "script"


class PhaseTime(Value, frozen=True, kw_only=True):
    """What one part of a job took: checkout, environment, services, steps, reports."""

    phase: str
    seconds: float
    note: str = ""


class Attempt(Value, frozen=True, kw_only=True):
    """One go at a job. ``log`` is the path of its log, relative to the run's folder."""

    outcome: Outcome
    reason: str = ""
    timed_out: bool = False
    started: float = 0.0
    seconds: float = 0.0
    steps: tuple[StepResult, ...] = ()
    phases: tuple[PhaseTime, ...] = ()
    report: Report = Report()
    log: str = ""


class JobResult(Value, frozen=True, kw_only=True):
    """How a job ended; the last attempt decides, all are kept."""

    job: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    environment: str = ""
    """The key of the environment the job ran in."""
    interpreter: str = ""
    """The full version that ran, such as ``3.12.1``."""
    resolution: str = ""
    """The pinned requirements, one a line, that the environment holds."""
    artifacts: tuple[str, ...] = ()
    isolated: bool = True

    @property
    def report(self) -> Report:
        """The report of the deciding attempt."""
        return self.attempts[-1].report if self.attempts else Report()


class TestChange(Value, frozen=True, kw_only=True):
    """A test whose end is news: in which job, and the case as it is now."""

    __test__ = False

    job: str
    case: TestCase


class Comparison(Value, frozen=True, kw_only=True):
    """What is news beside an earlier run (``base`` says which: a number or a commit).

    Percentages are 0-100 and ``None`` where not measured; scores are (tool, before, now).
    """

    base: str = ""
    new_failures: tuple[TestChange, ...] = ()
    still_failing: tuple[TestChange, ...] = ()
    fixed: tuple[TestChange, ...] = ()
    new_violations: tuple[Violation, ...] = ()
    fixed_violations: int = 0
    coverage: float | None = None
    coverage_before: float | None = None
    changed_coverage: float | None = None
    changed_missing: tuple[str, ...] = ()
    """Changed lines without coverage, as ``path:line``."""
    scores: tuple[tuple[str, float, float], ...] = ()


class Verdict(Value, frozen=True, kw_only=True):
    """The end of a run and the one sentence that says what is new, where, how long."""

    outcome: Outcome
    sentence: str
    reasons: tuple[str, ...] = ()


class RunResult(Value, frozen=True, kw_only=True):
    """One run from commit to verdict."""

    number: int
    outcome: Outcome
    trigger: Trigger
    plan: Plan
    tree: str = ""
    started: float = 0.0
    seconds: float = 0.0
    jobs: tuple[JobResult, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    report: Report = Report()
    comparison: Comparison | None = None
    """Beside the previous run on the branch."""
    since_base: Comparison | None = None
    """Beside the run at the commit where the branch began, where there was one."""
    verdict: Verdict | None = None
    notices: tuple[str, ...] = ()
    """What must be said beside the verdict: not isolated, reused, left unresolved."""
    machine: Pairs = ()
    version: int = 1
