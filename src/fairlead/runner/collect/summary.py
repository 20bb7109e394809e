"""The cases of a step or an attempt as one report."""

from collections.abc import Iterable

from fairlead.model import TestCase, TestReport


def summarize(cases: Iterable[TestCase]) -> TestReport:
    """Each test once, in the order in which they ended.

    Of a test that was reported again (a rerun, an error after its end) the last word holds.
    """
    last: dict[str, TestCase] = {}
    for case in cases:
        last.pop(case.key, None)
        last[case.key] = case
    return TestReport(cases=tuple(last.values()))
