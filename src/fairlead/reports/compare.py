"""What is news: the reports of a run beside those of an earlier one, and the changed lines.

- A failing test is *new* where it did not fail before in the same job; a job that was not part of
  the earlier run is held against all of its jobs. A test that failed and now passes is *fixed*;
  one that is gone or skipped is neither.
- A violation is *new* where its fingerprint was not there before. Without an earlier report of
  its tool, only a violation on a changed line is new: else a tool that was just added would
  make all old code news. Notes are not counted, they are no findings.
- Coverage and scores are compared over the jobs that both runs have.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from fairlead.model import Comparison, Coverage, Level, Report, TestChange, TestOutcome, Violation
from fairlead.reports.combine import combine_violations, identity

_GOOD = (TestOutcome.PASSED, TestOutcome.XPASSED)

Reports = Mapping[str, Report]
"""Reports by job id."""


def compare(
    now: Reports,
    before: Reports | None,
    *,
    base: str,
    changed: Mapping[str, frozenset[int]] | None,
) -> Comparison:
    """Hold ``now`` against ``before`` (called ``base`` in sentences), both by job id.

    ``before`` is ``None`` where there is nothing earlier: then no test is news. ``changed`` are
    the changed lines by path (see ``reports.diff``), ``None`` where they are not known.
    """
    earlier = before or {}
    same = {job: earlier[job] for job in now if job in earlier}
    new, still = _failures(now, before)
    new_violations, fixed_violations = _violations(now, earlier, same, changed)
    coverage, coverage_before = _coverage(now), _coverage(same)
    percent, missing = _of_changed(coverage, changed)
    return Comparison(
        base=base,
        new_failures=new,
        still_failing=still,
        fixed=tuple(_fixed(now, same)),
        new_violations=new_violations,
        fixed_violations=fixed_violations,
        coverage=coverage.percent if coverage else None,
        coverage_before=coverage_before.percent if coverage_before else None,
        changed_coverage=percent,
        changed_missing=missing,
        scores=tuple(_scores({job: now[job] for job in same}, same)),
    )


def _failures(
    now: Reports, before: Reports | None
) -> tuple[tuple[TestChange, ...], tuple[TestChange, ...]]:
    """The failures that are new, and those that are not; none where nothing is known."""
    new: list[TestChange] = []
    still: list[TestChange] = []
    if before is None:
        return (), ()
    bad = {job: {case.key for case in report.tests.bad} for job, report in before.items()}
    anywhere = frozenset[str]().union(*bad.values())
    for job, report in now.items():
        failed = bad.get(job, anywhere)
        seen: set[str] = set()
        for case in report.tests.bad:
            if case.key not in seen:
                seen.add(case.key)
                (still if case.key in failed else new).append(TestChange(job=job, case=case))
    return tuple(new), tuple(still)


def _fixed(now: Reports, same: Reports) -> Iterator[TestChange]:
    for job, earlier in same.items():
        failed = {case.key for case in earlier.tests.bad}
        if not failed:
            continue
        bad = {case.key for case in now[job].tests.bad}
        for case in now[job].tests.cases:
            if case.key in failed and case.key not in bad and case.outcome in _GOOD:
                failed.discard(case.key)
                yield TestChange(job=job, case=case)


def _violations(
    now: Reports,
    before: Reports,
    same: Reports,
    changed: Mapping[str, frozenset[int]] | None,
) -> tuple[tuple[Violation, ...], int]:
    """The new violations, and how many there are no more."""
    known = _by_tool(list(before.values()))
    found = _by_tool(list(now.values()))
    new = tuple(
        item
        for tool, items in found.items()
        for print_, item in items.items()
        if (print_ not in known[tool] if tool in known else _touched(item, changed or {}))
    )
    gone = sum(
        len(items.keys() - found[tool].keys())
        for tool, items in _by_tool(list(same.values())).items()
        if tool in found
    )
    return new, gone


def _by_tool(reports: Sequence[Report]) -> dict[str, dict[str, Violation]]:
    """Violations by identity, by tool; a tool that found nothing is there too."""
    parts = combine_violations(found for report in reports for found in report.violations)
    return {
        part.tool: {identity(item): item for item in part.items if item.level is not Level.NOTE}
        for part in parts
    }


def _touched(item: Violation, changed: Mapping[str, AbstractSet[int]]) -> bool:
    return item.line in changed.get(item.path, ())


def _coverage(reports: Reports) -> Coverage | None:
    """All jobs' coverage together, ``None`` where no executable line is known."""
    parts = [report.coverage for report in reports.values() if report.coverage]
    if not parts:
        return None
    from fairlead.reports.coverage import combine  # which most runs have no use for

    coverage = combine(parts)
    return coverage if coverage.total else None


def _of_changed(
    coverage: Coverage | None, changed: Mapping[str, frozenset[int]] | None
) -> tuple[float | None, tuple[str, ...]]:
    if not (coverage and changed):
        return None, ()
    from fairlead.reports.diff import changed_coverage

    return changed_coverage(coverage, changed)


def _scores(now: Reports, before: Reports) -> Iterator[tuple[str, float, float]]:
    """Tool, score before and score now, of each tool that has both."""
    earlier = _score_by_tool(before)
    for tool, score in _score_by_tool(now).items():
        if tool in earlier:
            yield tool, earlier[tool], score


def _score_by_tool(reports: Reports) -> dict[str, float]:
    parts = combine_violations(found for report in reports.values() for found in report.violations)
    return {part.tool: part.score for part in parts if part.score is not None}
