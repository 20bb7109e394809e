from fairlead.model import (
    Coverage,
    DocCoverage,
    FileCoverage,
    Report,
    TestCase,
    TestOutcome,
    TestReport,
    Violation,
    Violations,
)
from fairlead.reports.combine import combine


def violation(print_, line=1, message="m"):
    return Violation(
        tool="ruff", rule="F401", path="a.py", message=message, line=line, fingerprint=print_
    )


def report(name, *prints, score=None, executed=(), total=0):
    return Report(
        tests=TestReport(cases=(TestCase(name=name, outcome=TestOutcome.PASSED),)),
        coverage=Coverage(files=(FileCoverage(path="a.py", executed=executed, missing=(9,)),)),
        violations=(
            Violations(tool="ruff", items=tuple(map(violation, prints)), score=score),
        ),
        docs=DocCoverage(total=total),
        problems=("same",),
    )  # fmt: skip


def test_combine():
    both = combine(
        [report("a", "1", "2", score=9.0, executed=(1,), total=3),
         report("b", "2", "3", score=8.0, executed=(9,), total=5)]
    )  # fmt: skip
    assert [case.name for case in both.tests.cases] == ["a", "b"]
    assert both.coverage == Coverage(files=(FileCoverage(path="a.py", executed=(1, 9)),))
    (found,) = both.violations
    assert [item.fingerprint for item in found.items] == ["1", "2", "3"]
    assert found.score == 8.0
    assert both.docs.total == 5
    assert both.problems == ("same",)


def test_violations_without_fingerprints_are_told_apart_by_all_they_say():
    items = (violation("", line=1), violation("", line=2), violation("", line=1))
    (found,) = combine([Report(violations=(Violations(tool="ruff", items=items),))]).violations
    assert len(found.items) == 2


def test_nothing():
    assert combine([]) == Report()
    assert combine([Report(), Report()]) == Report()
