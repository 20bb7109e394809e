"""The figures at the head of the page."""

from typing import Literal

from fairlead.cli.view.failures import failures_of, tests_of
from fairlead.cli.view.words import duration, percent, plural
from fairlead.model import Comparison, RunResult, TestOutcome
from fairlead.model.plan import Value

Tone = Literal["", "good", "bad"]


class Fact(Value, frozen=True, kw_only=True):
    """A figure for the head of the page."""

    name: str
    value: str
    note: str = ""
    tone: Tone = ""


def facts(result: RunResult) -> list[Fact]:
    """The figures that matter most."""
    comparison = result.comparison or Comparison()
    return [
        *_test_facts(result),
        *_coverage_facts(result, comparison),
        *_quality(result),
        _time(result),
    ]


def _test_facts(result: RunResult) -> list[Fact]:
    tests = tests_of(result)
    if not tests.cases:
        return []
    skipped = tests.count(TestOutcome.SKIPPED)
    note = f"{skipped:,} skipped" if skipped else ""
    bad = len(failures_of(result))
    words = f"{bad:,} failed" if bad else "all passed"
    return [
        Fact(
            name=plural(len(tests.cases), "test").split(" ")[1],
            value=f"{len(tests.cases):,}",
            note=", ".join(part for part in (words, note) if part),
            tone="bad" if bad else "good",
        )
    ]


def _coverage_facts(result: RunResult, comparison: Comparison) -> list[Fact]:
    found = []
    coverage = result.report.coverage
    if coverage and coverage.total:
        before = comparison.coverage_before
        moved = coverage.percent - before if before is not None else 0.0
        note = f"{moved:+.1f} from {percent(before)}" if before is not None else ""
        found.append(Fact(name="coverage", value=percent(coverage.percent), note=note))
    if comparison.changed_coverage is not None:
        missing = len(comparison.changed_missing)
        found.append(
            Fact(
                name="of the changed lines covered",
                value=percent(comparison.changed_coverage),
                note=f"{plural(missing, 'line')} without a test" if missing else "all of them",
                tone="bad" if missing else "good",
            )
        )
    return found


def _quality(result: RunResult) -> list[Fact]:
    found = []
    count = sum(len(group.items) for group in result.report.violations)
    if result.report.violations:
        new = len(result.comparison.new_violations) if result.comparison else 0
        name = plural(count, "violation").split(" ")[1]
        tone: Tone = "bad" if new else "" if count else "good"
        found.append(
            Fact(name=name, value=f"{count:,}", note=f"{new} new" if new else "", tone=tone)
        )
    before = {tool: was for tool, was, _ in (result.comparison or Comparison()).scores}
    for group in result.report.violations:
        if group.score is not None:
            was = before.get(group.tool)
            note = f"{group.score - was:+.2f} from {was:.2f}" if was is not None else "out of 10"
            found.append(Fact(name=f"{group.tool} score", value=f"{group.score:.2f}", note=note))
    docs = result.report.docs
    if docs and docs.total:
        note = f"{docs.total - docs.documented:,} of {docs.total:,} without" if docs.missing else ""
        found.append(Fact(name="docstrings", value=percent(docs.percent), note=note))
    return found


def _time(result: RunResult) -> Fact:
    work = sum(attempt.seconds for job in result.jobs for attempt in job.attempts)
    note = f"{duration(work)} of work" if len(result.jobs) > 1 else ""
    return Fact(name="from start to verdict", value=duration(result.seconds), note=note)
