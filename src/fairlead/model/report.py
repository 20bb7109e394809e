"""What report files say, in one value a kind, whatever tool wrote them."""

from enum import StrEnum

from .plan import Value


class TestOutcome(StrEnum):
    """How one test ended."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"

    @property
    def bad(self) -> bool:
        """Whether this end of a test fails a build."""
        return self in (TestOutcome.FAILED, TestOutcome.ERRORED)


class TestCase(Value, frozen=True, kw_only=True):
    """One test. ``suite`` and ``name`` together identify it over runs; ``seconds`` is its time.

    ``id`` is what the test's own tool takes to run just this one (``tests/test_a.py::test_b``).
    """

    __test__ = False

    name: str
    outcome: TestOutcome
    suite: str = ""
    id: str = ""
    file: str = ""
    line: int = 0
    seconds: float = 0.0
    message: str = ""
    details: str = ""
    output: str = ""

    @property
    def key(self) -> str:
        """The identity of the test over runs."""
        return f"{self.suite}::{self.name}" if self.suite else self.name


class TestReport(Value, frozen=True, kw_only=True):
    """The tests of one job or file, in the order they ended."""

    __test__ = False

    cases: tuple[TestCase, ...] = ()

    def count(self, *outcomes: TestOutcome) -> int:
        """How many cases ended in one of ``outcomes``."""
        return sum(case.outcome in outcomes for case in self.cases)

    @property
    def bad(self) -> tuple[TestCase, ...]:
        """The cases that fail a build."""
        return tuple(case for case in self.cases if case.outcome.bad)


class FileCoverage(Value, frozen=True, kw_only=True):
    """Line numbers (from 1, ascending) of one file: those that ran and those that did not."""

    path: str
    executed: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()


class Coverage(Value, frozen=True, kw_only=True):
    """Line coverage of a project, files in the order of their paths."""

    files: tuple[FileCoverage, ...] = ()

    @property
    def executed(self) -> int:
        """Number of executable lines that ran."""
        return sum(len(file.executed) for file in self.files)

    @property
    def total(self) -> int:
        """Number of executable lines."""
        return sum(len(file.executed) + len(file.missing) for file in self.files)

    @property
    def percent(self) -> float:
        """Share of executable lines that ran, 0-100; 100 for a project without any."""
        return 100.0 * self.executed / self.total if self.total else 100.0


class Level(StrEnum):
    """How grave a violation is; the names are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Violation(Value, frozen=True, kw_only=True):
    """One finding of a linter. Lines and columns count from 1, 0 means unknown.

    ``fingerprint`` stays the same when the line moves: it covers tool, rule, path, message and
    the text of the line, numbered among equals.
    """

    tool: str
    rule: str
    path: str
    message: str
    level: Level = Level.WARNING
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    fingerprint: str = ""


class Violations(Value, frozen=True, kw_only=True):
    """What one tool found. ``score`` is out of ten, where the tool gives one (pylint)."""

    tool: str
    items: tuple[Violation, ...] = ()
    score: float | None = None


class DocCoverage(Value, frozen=True, kw_only=True):
    """How many of the public definitions have a docstring; ``missing`` is ``path:line name``."""

    documented: int = 0
    total: int = 0
    missing: tuple[str, ...] = ()

    @property
    def percent(self) -> float:
        """Share of public definitions with a docstring, 0-100."""
        return 100.0 * self.documented / self.total if self.total else 100.0


class Report(Value, frozen=True, kw_only=True):
    """Everything the reports of one job (or of a whole run, combined) say."""

    tests: TestReport = TestReport()
    coverage: Coverage | None = None
    violations: tuple[Violations, ...] = ()
    docs: DocCoverage | None = None
    problems: tuple[str, ...] = ()
    """Report files that could not be read, one sentence each."""
