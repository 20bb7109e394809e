"""How a run's results are kept in columns."""

from datetime import UTC, datetime

import msgspec

from fairlead.model import (
    JobResult,
    Outcome,
    Plan,
    Report,
    RunResult,
    TestCase,
    TestOutcome,
    TestReport,
)
from fairlead.server.store.fields import clean, pack
from fairlead.util.digest import sha256

_TEXT = 100_000


def moment(seconds: float) -> datetime:
    """Unix seconds as the store keeps times."""
    return datetime.fromtimestamp(seconds, UTC)


def test_digest(case: TestCase) -> int:
    """The identity of a test over the builds of a project, in 63 bits."""
    key = case.key.encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(key).digest()[:8], "big") >> 1


def job_columns(result: JobResult) -> dict[str, object]:
    """What is known of a job when it has ended."""
    tests = result.report.tests
    coverage = result.report.coverage
    return {
        "environment": clean(result.environment, 100),
        "interpreter": clean(result.interpreter, 40),
        "isolated": result.isolated,
        "passed_tests": _passed(tests),
        "bad_tests": len(tests.bad),
        "skipped_tests": tests.count(TestOutcome.SKIPPED),
        "coverage": coverage.percent if coverage else None,
        "result": pack(_without_tests(result)),
    }


def build_columns(result: RunResult) -> dict[str, object]:
    """What is known of a build when it has ended, without times and notices."""
    # One that was told to end, and had passed or failed by then, was not ended by that.
    untrue = {} if result.outcome is Outcome.CANCELLED else {"reason": ""}
    tests = [job.report.tests for job in result.jobs]
    coverage = result.report.coverage
    return {
        "state": result.outcome.value,
        "seconds": result.seconds,
        "sentence": clean(result.verdict.sentence if result.verdict else "", _TEXT),
        "tree": result.tree,
        "coverage": coverage.percent if coverage else None,
        "passed_tests": sum(map(_passed, tests)),
        "bad_tests": sum(len(report.bad) for report in tests),
        "skipped_tests": sum(report.count(TestOutcome.SKIPPED) for report in tests),
        "result": pack(_without_jobs(result)),
        **untrue,
    }


def _passed(report: TestReport) -> int:
    return report.count(TestOutcome.PASSED, TestOutcome.XFAILED, TestOutcome.XPASSED)


def _without_tests(result: JobResult) -> JobResult:
    replace = msgspec.structs.replace
    attempts = tuple(
        replace(attempt, report=replace(attempt.report, tests=TestReport()))
        for attempt in result.attempts
    )
    return replace(result, attempts=attempts)


def _without_jobs(result: RunResult) -> RunResult:
    plan = Plan(source=result.plan.source, origin=result.plan.origin)
    return msgspec.structs.replace(result, jobs=(), plan=plan, report=_slim(result.report))


def _slim(report: Report) -> Report:
    return msgspec.structs.replace(report, tests=TestReport())
