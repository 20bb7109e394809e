"""The reports of several jobs as one."""

from collections.abc import Iterable, Sequence

from fairlead.model import Coverage, Report, TestReport, Violation, Violations


def combine(reports: Iterable[Report]) -> Report:
    """All tests one after another; the rest each thing once.

    A line is covered where one job covered it; a violation that several jobs found is one; a
    tool's score is the lowest; the documentation is that of the job which saw most of it.
    """
    parts = tuple(reports)
    coverages = [part.coverage for part in parts if part.coverage is not None]
    docs = [part.docs for part in parts if part.docs is not None]
    return Report(
        tests=TestReport(cases=tuple(case for part in parts for case in part.tests.cases)),
        coverage=_combined(coverages) if coverages else None,
        violations=combine_violations(found for part in parts for found in part.violations),
        docs=max(docs, key=lambda each: each.total) if docs else None,
        problems=tuple(dict.fromkeys(text for part in parts for text in part.problems)),
    )


def _combined(coverages: Sequence[Coverage]) -> Coverage:
    from fairlead.reports.coverage import combine  # which most runs have no use for

    return combine(coverages)


def combine_violations(parts: Iterable[Violations]) -> tuple[Violations, ...]:
    """One value a tool, in the order in which the tools appear."""
    items: dict[str, dict[str, Violation]] = {}
    scores: dict[str, float] = {}
    for part in parts:
        known = items.setdefault(part.tool, {})
        for item in part.items:
            known.setdefault(identity(item), item)
        if part.score is not None:
            scores[part.tool] = min(part.score, scores.get(part.tool, part.score))
    return tuple(
        Violations(tool=tool, items=tuple(known.values()), score=scores.get(tool))
        for tool, known in items.items()
    )


def identity(item: Violation) -> str:
    """By what a violation is known again: its fingerprint, or without one all it says."""
    return item.fingerprint or "\0".join(
        (item.tool, item.rule, item.path, str(item.line), str(item.column), item.message)
    )
