import pytest

from fairlead.model import (
    Comparison,
    Coverage,
    CoverageGate,
    FileCoverage,
    Job,
    Level,
    Report,
    Violation,
    ViolationGate,
    Violations,
)
from fairlead.reports.gates import judge


def covered(executed, total):
    lines = tuple(range(1, total + 1))
    file = FileCoverage(path="a.py", executed=lines[:executed], missing=lines[executed:])
    return Report(coverage=Coverage(files=(file,)))


def violation(tool="ruff", level=Level.WARNING, line=1):
    return Violation(tool=tool, rule="r", path="a.py", message="m", level=level, line=line)


def found(*parts):
    return Report(
        violations=tuple(
            Violations(tool=tool, items=tuple(violation(tool, line=n) for n in range(count)))
            for tool, count in parts
        )
    )


def coverage_gate(report, comparison=None, **limits):
    return judge(Job(id="j", name="j", coverage=CoverageGate(**limits)), report, comparison)


def violation_gate(report, comparison=None, **limits):
    return judge(Job(id="j", name="j", violations=(ViolationGate(**limits),)), report, comparison)


def test_no_gates():
    assert judge(Job(id="j", name="j"), Report(), None) == ()
    assert coverage_gate(Report()) == ()


def test_coverage_minimum():
    assert coverage_gate(covered(9, 10), minimum=90) == ()
    assert coverage_gate(covered(1, 3), minimum=100 / 3) == ()
    assert coverage_gate(covered(899, 1000), minimum=90) == ("coverage 89.9 % (minimum 90 %)",)
    assert coverage_gate(covered(9999, 10000), minimum=100) == ("coverage 99.9 % (minimum 100 %)",)


@pytest.mark.parametrize(
    "limits", [{"minimum": 90}, {"changed": 90}, {"minimum": 90, "changed": 1}]
)
def test_coverage_that_is_missing_says_no(limits):
    expected = ("no coverage was measured (minimum 90 %)",)
    assert coverage_gate(Report(), **limits) == expected
    assert coverage_gate(Report(coverage=Coverage()), **limits) == expected


def test_coverage_of_changed_lines():
    report = covered(1, 1)
    low = Comparison(changed_coverage=83.33)
    assert coverage_gate(report, low, changed=90) == (
        "coverage of the changed lines 83.3 % (minimum 90 %)",
    )
    assert coverage_gate(report, low, changed=83) == ()
    assert coverage_gate(report, Comparison(), changed=90) == ()
    assert coverage_gate(report, None, changed=90) == ()


def test_violations_maximum():
    assert violation_gate(found(("ruff", 3)), maximum=3) == ()
    assert violation_gate(found(("ruff", 4)), maximum=3) == ("4 violations (maximum 3)",)
    assert violation_gate(found(("ruff", 1)), maximum=0, tool="ruff") == (
        "1 ruff violation (maximum 0)",
    )
    both = found(("ruff", 2), ("mypy", 2))
    assert violation_gate(both, maximum=3) == ("4 violations (maximum 3)",)
    assert violation_gate(both, maximum=3, tool="mypy") == ()


def test_notes_are_not_counted():
    note = Violations(tool="mypy", items=(violation("mypy", Level.NOTE),))
    assert violation_gate(Report(violations=(note,)), maximum=0) == ()


def test_violations_that_are_missing_say_no():
    assert violation_gate(Report(), maximum=0) == ("no linter report was found (maximum 0)",)
    assert violation_gate(found(("mypy", 0)), tool="ruff", no_new=True) == (
        "no ruff report was found (no new ones allowed)",
    )


def test_no_new_violations():
    report = found(("ruff", 2), ("mypy", 1))
    news = Comparison(new_violations=(violation("ruff"), violation("mypy")))
    assert violation_gate(report, news, no_new=True) == ("2 new violations",)
    assert violation_gate(report, news, no_new=True, tool="ruff") == ("1 new ruff violation",)
    assert violation_gate(report, Comparison(), no_new=True) == ()
    assert violation_gate(report, None, no_new=True) == ()
