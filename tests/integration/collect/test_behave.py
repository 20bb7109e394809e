"""behave, scenario by scenario."""

import xml.etree.ElementTree as ET

import pytest

pytestmark = pytest.mark.network


@pytest.mark.parametrize("environment", ["py27", "py36", "py312"])
def test_all_kinds_of_outcome(project, environment):
    made = project("behave", environment)
    ran = made.both("behave", "--no-color", "--tags=-wip", "--junit", "--junit-directory=j")
    assert ran.outcomes() == {
        "a.Money::passes": "passed",
        "a.Money::check fails": "failed",
        "a.Money::breaks": "errored",
        "a.Money::undefined": "errored",
        "a.Money::left out": "skipped",
        "a.Money::rows 1 -- @1.1 some": "passed",
        "a.Money::rows 2 -- @1.2 some": "failed",
        "a.Money::hook": "errored",
        "b.Broken::Broken": "errored",
    }
    assert ran.lost == ()
    # Behave's own files name the scenarios alike; a feature whose hook failed is not in them.
    names = {
        f"{case.get('classname')}::{case.get('name')}"
        for case in ET.parse(made.root / "j/TESTS-a.xml").iter("testcase")
    }
    assert names == {key for key in ran.outcomes() if key.startswith("a.")}


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_what_is_said_of_a_scenario(project, environment):
    ran = project("behave", environment).run("behave")
    failed = ran.case("check fails")
    assert (failed.id, failed.file, failed.line) == (
        "features/a.feature:9",
        "features/a.feature",
        9,
    )
    assert failed.message == "When it is wrong: AssertionError: one is not two"
    assert "features/a.feature:10" in failed.details
    assert "steps.py" in failed.details
    assert "out \N{EURO SIGN}" in failed.details + failed.output
    assert ran.case("undefined").message == "undefined step: When nobody knows"
    assert "hook went wrong" in ran.case("hook").message


@pytest.mark.parametrize("options", [("--dry-run",), ("--stop",), ("-n", "passes"), ("--version",)])
def test_options_change_nothing(project, options):
    ran = project("behave", "py312").both("behave", "--no-color", *options)
    wanted = {
        "--dry-run": [],
        "--version": [],
        "--stop": ["passes", "check fails"],
        "-n": ["passes"],
    }
    assert [case.name for case in ran.cases if ".Money" in case.suite] == wanted[options[0]]


@pytest.mark.parametrize("environment", ["py27", "py36", "py312"])
def test_measured(project, environment):
    ran = project("behave", environment).both("behave", "--no-color", measure=True)
    (found,) = ran.coverage
    assert found["files"]["bank.py"] == {"executed_lines": [1, 2, 4], "missing_lines": [5]}
    assert list(found["files"]) == ["bank.py"]
