"""Real test runners: what their report files say."""

import sys
from collections import Counter

import pytest

from fairlead.reports import junit

UNITTEST = """import unittest
class T(unittest.TestCase):
    def test_ok(self): pass
    def test_bad(self): self.assertEqual(1, 2)
    def test_err(self): raise ValueError("x\\x1b[0m \\x00")
    @unittest.skip("why")
    def test_skip(self): pass
"""

PYTEST = """import pytest
class TestX:
    def test_ok(self): pass
    @pytest.mark.parametrize("x", ["a\\x00b", "\\xe9/[1]"])
    def test_bad(self, x): print("out \\x1b[1m"); assert 0
    @pytest.mark.xfail(reason="r")
    def test_xf(self): assert 0
    @pytest.mark.skip(reason="no")
    def test_s(self): pass
@pytest.fixture
def broken():
    raise RuntimeError
def test_broken(broken): pass
"""

FEATURE = """Feature: Things
  Scenario: good
    Given ok
  Scenario: bad
    Given bad
  @later
  Scenario: skipped
    Given ok
"""

STEPS = """from behave import given
@given("ok")
def ok(context): print("hi")
@given("bad")
def bad(context): assert 1 == 2, "nope <&>"
"""

ROBOT = """*** Test Cases ***
Good
    Log  hi
Bad
    Fail  no way
Skipped
    Skip  because
"""


def counts(path):
    cases = junit.read(path.read_bytes(), path.name).cases
    return Counter(str(case.outcome) for case in cases)


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_pytest(project, output, family):
    (project / "test_p.py").write_text(PYTEST)
    said = output(
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "test_p.py",
        "--rootdir", ".", "--junitxml", "r.xml", "-o", f"junit_family={family}",
    )  # fmt: skip
    assert (project / "r.xml").exists(), said.decode()
    assert counts(project / "r.xml") == {
        "passed": 1, "failed": 2, "xfailed": 1, "skipped": 1, "errored": 1,
    }  # fmt: skip


@pytest.mark.network
def test_unittest_xml_reporting(project, output, tools):
    (project / "test_u.py").write_text(UNITTEST)
    said = output(tools / "python", "-m", "xmlrunner", "test_u", "-o", "reports")
    (found,) = (project / "reports").glob("*.xml")
    assert counts(found) == {"passed": 1, "failed": 1, "errored": 1, "skipped": 1}, said.decode()


@pytest.mark.network
def test_nose(project, output, tools):
    (project / "test_u.py").write_text(UNITTEST)
    said = output(tools / "nosetests", "--with-xunit", "test_u.py")
    found = counts(project / "nosetests.xml")
    assert found == {"passed": 1, "failed": 1, "errored": 1, "skipped": 1}, said.decode()


@pytest.mark.network
def test_behave(project, output, tools):
    (project / "features" / "steps").mkdir(parents=True)
    (project / "features" / "x.feature").write_text(FEATURE)
    (project / "features" / "steps" / "s.py").write_text(STEPS)
    said = output(
        tools / "behave", "--junit", "--junit-directory", "reports", "--tags=not @later",
        "--show-skipped",
    )  # fmt: skip
    (found,) = (project / "reports").glob("*.xml")
    assert counts(found) == {"passed": 1, "failed": 1, "skipped": 1}, said.decode()


@pytest.mark.network
def test_robot_framework(project, output, tools):
    (project / "t.robot").write_text(ROBOT)
    said = output(tools / "robot", "-x", "xunit.xml", "t.robot")
    for name in ("xunit.xml", "output.xml"):
        assert counts(project / name) == {"passed": 1, "failed": 1, "skipped": 1}, said.decode()
