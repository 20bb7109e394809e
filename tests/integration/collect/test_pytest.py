"""pytest 4.6 to the newest: every kind of outcome, told as pytest's own JUnit file does."""

import xml.etree.ElementTree as ET

import pytest

pytestmark = pytest.mark.network

EVERYWHERE = ("py27", "py36", "py38", "py312", "py313")
# JUnit knows no expected failures.
AS_JUNIT = {"xfailed": "skipped", "xpassed": "passed"}


def junit(path):
    """Outcome by key. A test that fails and then breaks in its teardown is listed twice."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        suite, name = case.get("classname"), case.get("name")
        kinds = {"failure": "failed", "error": "errored", "skipped": "skipped"}
        outcome = next((kinds[child.tag] for child in case if child.tag in kinds), "passed")
        found.setdefault(f"{suite}::{name}" if suite else name, outcome)
    return found


@pytest.mark.parametrize("environment", EVERYWHERE)
def test_all_kinds_of_outcome(project, environment):
    made = project("kinds", environment)
    ran = made.both("python", "-m", "pytest", "--junitxml=j.xml", "--doctest-modules",
                    "--continue-on-collection-errors", "-v")  # fmt: skip
    told = {key: AS_JUNIT.get(o, o) for key, o in ran.outcomes().items()}
    assert told == junit(made.root / "j.xml")
    assert ran.counts == (32,)
    unexpected = 2 if environment == "py27" else 1
    assert ran.tally() == {
        "passed": 12, "failed": 10 - unexpected, "errored": 5, "skipped": 4, "xfailed": 3,
        "xpassed": unexpected,
    }  # fmt: skip
    assert ran.lost == ()


@pytest.mark.parametrize("environment", EVERYWHERE)
def test_what_is_said_of_a_test(project, environment):
    ran = project("kinds", environment).run("python", "-m", "pytest", "tests/test_kinds.py")
    failed = ran.case("test_fail")
    assert (failed.suite, failed.id) == ("tests.test_kinds", "tests/test_kinds.py::test_fail")
    assert (failed.file, failed.line) == ("tests/test_kinds.py", 6)
    assert failed.seconds > 0
    assert failed.message.splitlines()[0].endswith("assert [1, 2] == [1, 3]")
    assert "assert [1, 2] == [1, 3]" in failed.details
    assert "printed" in failed.output
    assert ran.case("test_skip").message == "not today"
    assert ran.case("test_skip_mark").message == "marked"
    assert ran.case("test_xfail").message == "known"
    assert ran.case("test_xpass").message == "surprise"
    assert ran.case("test_setup_error").message == "ValueError: no setup"
    both = ran.case("test_fail_and_teardown_error")
    assert both.outcome == "failed"
    assert "assert 0" in both.details
    assert "no teardown" in both.details


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_a_file_that_cannot_be_collected(project, environment):
    ran = project("kinds", environment).both("python", "-m", "pytest")
    assert ran.code == 2
    broken = ran.case("tests.test_broken")
    assert broken.outcome == "errored"
    assert "broken module" in broken.message
    assert ran.case("tests.test_modskip").outcome == "skipped"


@pytest.mark.parametrize("environment", ["py27", "py36", "py38", "py312"])
def test_xdist_reports_each_test_once(project, environment):
    made = project("kinds", environment)
    argv = ("python", "-m", "pytest", "-n2", "-q", "--junitxml=j.xml", "tests/test_kinds.py")
    ran = made.run(*argv)
    assert ran.code == made.run(*argv, hooks=False).code == 1
    told = {key: AS_JUNIT.get(o, o) for key, o in ran.outcomes().items()}
    assert told == junit(made.root / "j.xml")
    assert len(ran.cases) == len(told) == ran.counts[0] == 30


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_xdist_worker_that_dies(project, environment):
    made = project("", environment)
    made.write("test_a.py", "import os\ndef test_dies(): os._exit(7)\ndef test_lives(): pass\n")
    ran = made.run("python", "-m", "pytest", "-n1", "-q")
    assert ran.outcomes() == {"test_a::test_dies": "errored", "test_a::test_lives": "passed"}
    assert "crashed" in ran.case("test_dies").message


@pytest.mark.parametrize("environment", ["py27", "py36", "py312"])
def test_reruns_count_once_and_are_told(project, environment):
    made = project("", environment)
    text = "n = []\ndef test_flaky():\n    n.append(1)\n    assert len(n) > 2\n"
    made.write("test_a.py", text + "def test_bad(): assert 0\n")
    ran = made.both("python", "-m", "pytest", "--reruns", "2", "-q")
    assert len(ran.cases) == 2
    assert ran.case("test_flaky").outcome == "passed"
    assert ran.case("test_flaky").message == "passed after 2 failed attempts"
    assert "assert 1 > 2" in ran.case("test_flaky").details
    assert ran.case("test_bad").outcome == "failed"


@pytest.mark.parametrize("environment", ["py36", "py38", "py312"])
def test_subtests_fail_their_test(project, environment):
    made = project("", environment)
    text = (
        "import unittest\n"
        "def test_parts(subtests):\n"
        "    for i in range(4):\n"
        "        with subtests.test('part', i=i): assert i % 2 == 0\n"
        "def test_fine(subtests):\n"
        "    with subtests.test(i=1): pass\n"
        "class Unit(unittest.TestCase):\n"
        "    def test_unit(self):\n"
        "        with self.subTest(k='v'): self.fail('no')\n"
    )
    made.write("test_a.py", text)
    ran = made.both("python", "-m", "pytest", "-v")
    parts = ran.case("test_parts")
    assert parts.outcome == "failed"
    assert "[part] (i=1), [part] (i=3)" in parts.message
    assert "assert i % 2 == 0" in parts.details
    assert ran.case("test_fine").outcome == "passed"
    assert ran.case("test_unit").outcome == "failed"


@pytest.mark.parametrize("environment", ["py27", "py312"])
@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 11)", "os.abort()"])
def test_crash_keeps_what_was_reported(project, environment, end):
    made = project("", environment)
    made.write("test_a.py", f"import os\ndef test_a(): pass\ndef test_b(): {end}\ndef test_c(): 0")
    ran = made.run("python", "-m", "pytest", "-q")
    assert ran.code not in (0, 1)
    assert ran.outcomes() == {"test_a::test_a": "passed"}
    (lost,) = ran.lost
    assert (lost.key, lost.outcome, lost.line) == ("test_a::test_b", "errored", 3)


@pytest.mark.parametrize("environment", ["py27", "py312"])
@pytest.mark.parametrize(
    "options",
    [
        ("-x",),
        ("-p", "no:terminal"),
        ("-p", "no:junitxml", "-p", "no:cacheprovider", "-p", "no:capture"),
        ("--collect-only", "-q"),
        ("--maxfail=2", "--tb=no"),
        ("-k", "nothing_like_this"),
        ("-W", "error", "-k", "test_param"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_options_change_nothing(project, environment, options):
    ran = project("kinds", environment).both("python", "-m", "pytest", "tests/test_kinds.py",
                                             *options)  # fmt: skip
    if "-x" in options:
        assert ran.tally() == {"passed": 1, "failed": 1}
    if options[0] in ("--collect-only", "--version", "-k"):
        assert ran.cases == ()


def test_a_session_without_automatic_plugins(project):
    made = project("kinds", "py312")
    ran = made.both("python", "-m", "pytest", "-k", "test_pass", "tests/test_kinds.py",
                    PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # fmt: skip
    assert ran.tally() == {"passed": 1}


@pytest.mark.parametrize("environment", ["py27", "py36", "py312"])
def test_runs_inside_of_tests_are_not_the_projects(project, environment):
    made = project("", environment)
    made.write("conftest.py", "pytest_plugins = 'pytester'\n")
    text = (
        "INNER = 'def test_inner(): assert 0'\n"
        "def test_in_process(testdir):\n"
        "    testdir.makepyfile(INNER)\n"
        "    testdir.runpytest_inprocess().assert_outcomes(failed=1)\n"
        "def test_in_subprocess(testdir):\n"
        "    testdir.makepyfile(INNER)\n"
        "    testdir.runpytest_subprocess().assert_outcomes(failed=1)\n"
    )
    made.write("test_outer.py", text)
    ran = made.both("python", "-m", "pytest", "-q", "--basetemp=t", "test_outer.py")
    assert [case.name for case in ran.cases] == ["test_in_process", "test_in_subprocess"]
    assert ran.tally() == {"passed": 2}
    assert ran.counts == (2,)


def test_paths_from_a_folder_below(project):
    made = project("", "py312")
    made.write("pytest.ini", "[pytest]\n")
    made.write("sub/tests/test_a.py", "def test_a(): pass\n")
    ran = made.run("pytest", cwd="sub")
    (case,) = ran.cases
    assert (case.suite, case.id) == ("sub.tests.test_a", "tests/test_a.py::test_a")
    assert case.file == "sub/tests/test_a.py"


def test_texts_of_all_kinds_arrive(project):
    made = project("", "py312")
    text = (
        "import sys\n"
        "def test_long():\n"
        "    print('a' * 300_000)\n"
        "    raise ValueError('b' * 300_000)\n"
        "def test_surrogates(): raise ValueError('\\udcff \\ud83d \\x00 \\U0001f600')\n"
        "def test_bytes():\n"
        "    sys.stdout.buffer.write(b'\\xff\\xfe')\n"
        "    assert 0\n"
        "def test_control(): raise ValueError('\\x01' * 200_000)\n"
    )
    made.write("test_a.py", text)
    ran = made.run("python", "-m", "pytest", "-q")
    assert ran.tally() == {"failed": 4}
    assert not ran.dropped
    long = ran.case("test_long")
    assert 60_000 < len(long.details) < 70_000
    assert "characters left out" in long.details
    assert "characters left out" in long.output
    assert "\\udcff \\ud83d \x00 \U0001f600" in ran.case("test_surrogates").details


def test_a_file_that_cannot_be_written_changes_nothing(project):
    made = project("", "py312")
    made.write("test_a.py", "def test_a(): pass\n")
    quiet = made.run("python", "-m", "pytest", "-q", FAIRLEAD_EVENTS="/nonexistent/events",
                     hooks=False)  # fmt: skip
    assert (quiet.code, quiet.stderr) == (0, "")


def test_nothing_leads_to_the_hooks_from_outside(project):
    made = project("", "py312")
    seen = "import importlib.metadata as m; print([d.name for d in m.distributions()])"
    ran = made.both("python", "-c", seen)
    assert "fairlead" not in ran.stdout
    made.write("test_a.py", "import warnings, os\ndef test_a(pytestconfig): pass\n")
    assert "fairlead" not in made.run("python", "-m", "pytest", "-v").stdout
