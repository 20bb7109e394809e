import pytest

from fairlead.model import (
    Coverage,
    FileCoverage,
    Level,
    Report,
    TestCase,
    TestOutcome,
    TestReport,
    Violation,
    Violations,
)
from fairlead.reports.compare import compare


def told(**outcomes):
    cases = (TestCase(suite="s", name=name, outcome=TestOutcome(o)) for name, o in outcomes.items())
    return Report(tests=TestReport(cases=tuple(cases)))


def lint(*items, tool="ruff", score=None):
    found = (
        Violation(
            tool=tool, rule="r", path="a.py", message="m", line=line, level=level, fingerprint=p
        )
        for p, line, level in items
    )
    return Report(violations=(Violations(tool=tool, items=tuple(found), score=score),))


def found(print_, line=1, level=Level.WARNING):
    return print_, line, level


def covered(executed, missing):
    files = (FileCoverage(path="a.py", executed=executed, missing=missing),)
    return Report(coverage=Coverage(files=files))


def against(now, before, changed=None):
    return compare(now, before, base="run 1", changed=changed)


def names(changes):
    return [(change.job, change.case.name) for change in changes]


def test_failures():
    before = {"unit": told(a="failed", b="failed", c="passed", e="failed", g="failed", x="errored")}
    now = {
        "unit": told(
            a="passed", b="failed", c="errored", d="failed", e="skipped", f="xfailed", x="xpassed"
        )
    }
    result = against(now, before)
    assert names(result.new_failures) == [("unit", "c"), ("unit", "d")]
    assert names(result.still_failing) == [("unit", "b")]
    assert names(result.fixed) == [("unit", "a"), ("unit", "x")]
    assert result.base == "run 1"


def test_a_failure_is_new_in_each_job_of_its_own():
    before = {"one": told(a="failed"), "two": told(a="passed")}
    result = against({"one": told(a="failed"), "two": told(a="failed")}, before)
    assert names(result.new_failures) == [("two", "a")]
    assert names(result.still_failing) == [("one", "a")]


def test_a_new_job_is_held_against_all_earlier_ones():
    before = {"one": told(a="failed", b="passed")}
    result = against({"three": told(a="failed", b="failed")}, before)
    assert names(result.new_failures) == [("three", "b")]
    assert names(result.still_failing) == [("three", "a")]


def test_a_test_that_ends_twice_is_told_once():
    case = TestCase(name="a", outcome=TestOutcome.FAILED)
    down = TestCase(name="a", outcome=TestOutcome.ERRORED)
    passed = TestCase(name="a", outcome=TestOutcome.PASSED)
    twice = {"unit": Report(tests=TestReport(cases=(case, down, passed)))}
    assert names(against(twice, {"unit": told()}).new_failures) == [("unit", "a")]
    before = {"unit": Report(tests=TestReport(cases=(case,)))}
    assert against(twice, before).fixed == ()


def test_without_an_earlier_run_nothing_is_news():
    result = compare({"unit": told(a="failed")}, None, base="", changed=None)
    assert (result.new_failures, result.still_failing, result.coverage_before) == ((), (), None)


def test_violations_by_fingerprint():
    before = {"lint": lint(found("old"), found("gone"), found("note", level=Level.NOTE))}
    now = {"lint": lint(found("old", 9), found("new"), found("hint", level=Level.NOTE))}
    result = against(now, before)
    assert [item.fingerprint for item in result.new_violations] == ["new"]
    assert result.fixed_violations == 1


def test_a_violation_that_another_job_had_is_not_new():
    before = {"lint-3.11": lint(found("old"))}
    now = {"lint-3.11": lint(found("old")), "lint-3.12": lint(found("old"))}
    result = against(now, before)
    assert (result.new_violations, result.fixed_violations) == ((), 0)


@pytest.mark.parametrize("before", [None, {}, {"lint": lint(found("x"), tool="flake8")}])
def test_a_tool_without_history_has_news_on_changed_lines_only(before):
    now = {"lint": lint(found("one", 1), found("two", 2))}
    assert against(now, before).new_violations == ()
    result = against(now, before, {"a.py": frozenset({2}), "b.py": frozenset({1})})
    assert [item.fingerprint for item in result.new_violations] == ["two"]
    assert result.fixed_violations == 0


def test_a_tool_that_found_nothing_before_has_history():
    result = against({"lint": lint(found("one"))}, {"lint": lint()})
    assert len(result.new_violations) == 1


def test_a_job_that_did_not_run_fixed_nothing():
    result = against({"unit": told(a="passed")}, {"lint": lint(found("x"))})
    assert result.fixed_violations == 0


def test_coverage():
    before = {"one": covered((1,), (2, 3, 4)), "gone": covered((2, 3, 4), ())}
    now = {"one": covered((1, 2), (3, 4)), "two": covered((3,), (1, 2, 4))}
    changed = {"a.py": frozenset({3, 4, 5})}
    result = against(now, before, changed)
    assert (result.coverage, result.coverage_before) == (75.0, 25.0)
    assert (result.changed_coverage, result.changed_missing) == (50.0, ("a.py:4",))


def test_coverage_that_was_not_measured():
    result = against({"one": told()}, {"one": covered((1,), ())}, {"a.py": frozenset({1})})
    assert (result.coverage, result.coverage_before) == (None, 100.0)
    assert (result.changed_coverage, result.changed_missing) == (None, ())


def test_scores_of_tools_that_have_both():
    before = {"lint": lint(tool="pylint", score=8.5), "other": lint(tool="x", score=1.0)}
    now = {"lint": lint(tool="pylint", score=8.75), "more": lint(tool="y", score=1.0)}
    assert against(now, before).scores == (("pylint", 8.5, 8.75),)
