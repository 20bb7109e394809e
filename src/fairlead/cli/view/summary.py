"""What the reports of a run say in a few lines, and the notices."""

import textwrap
from collections.abc import Iterator

from fairlead.cli.view.clean import clean
from fairlead.cli.view.look import Look
from fairlead.cli.view.words import line_ranges, listing, percent, plural
from fairlead.model import Comparison, RunResult


def summary_lines(result: RunResult, look: Look) -> list[str]:
    """Coverage, scores, documentation, what was fixed; then each notice, wrapped."""
    facts = [f"{name:<14} {text}" for name, text in facts_of(result)]
    notices = [
        line
        for text in notices_of(result)
        for line in textwrap.wrap(
            clean(text).replace("\n", " "),
            width=max(look.width - 1, 40),
            initial_indent="note: ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    ]
    return [*facts, *([""] if facts and notices else []), *notices]


def notices_of(result: RunResult) -> list[str]:
    """All that must be said beside the verdict, each once."""
    warnings = [str(warning) for warning in result.plan.warnings]
    return list(dict.fromkeys([*result.notices, *result.report.problems, *warnings]))


def facts_of(result: RunResult) -> Iterator[tuple[str, str]]:
    """Name and value of what the reports measured."""
    comparison = result.comparison or Comparison()
    coverage = result.report.coverage
    if coverage and coverage.total:
        yield "coverage", percent(coverage.percent) + _difference(comparison, coverage.percent)
    if comparison.changed_coverage is not None:
        yield "changed lines", percent(comparison.changed_coverage) + _untested(comparison)
    for found in result.report.violations:
        score = f", score {found.score:.2f}/10" if found.score is not None else ""
        yield (
            found.tool,
            plural(len(found.items), "violation") + score + _moved(comparison, found.tool),
        )
    if result.report.docs and result.report.docs.total:
        docs = result.report.docs
        yield "docstrings", f"{percent(docs.percent)} of {plural(docs.total, 'definition')}"
    if comparison.fixed:
        names = list(dict.fromkeys(c.case.id or c.case.key for c in comparison.fixed))
        yield "fixed", f"{plural(len(names), 'test')}: {clean(listing(names, 3))}"


def _difference(comparison: Comparison, now: float) -> str:
    if comparison.coverage_before is None or abs(now - comparison.coverage_before) < 0.05:  # noqa: PLR2004
        return ""
    before = comparison.coverage_before
    return f" ({now - before:+.1f}, previous {percent(before)})"


def _untested(comparison: Comparison) -> str:
    if not comparison.changed_missing:
        return " covered"
    return f" covered, missing: {listing(line_ranges(comparison.changed_missing), 4)}"


def _moved(comparison: Comparison, tool: str) -> str:
    for name, before, now in comparison.scores:
        if name == tool:
            return f", previous {before:.2f}, {now - before:+.2f}"
    return ""
