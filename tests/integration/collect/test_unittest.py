"""unittest and Django's test runner, each test told once with its outcome."""

import pytest

pytestmark = pytest.mark.network


@pytest.mark.parametrize("environment", ["py27", "py36", "py38", "py312", "py313"])
def test_all_kinds_of_outcome(project, environment):
    old = environment == "py27"
    ran = project("units", environment).both("python", "-m", "unittest", "discover", "-v")
    kinds = "units.test_units.Kinds::"
    told = ran.outcomes()
    assert {key.removeprefix(kinds): o for key, o in told.items() if key.startswith(kinds)} == {
        "test_ok": "passed",
        "test_bad": "failed",
        "test_error": "errored",
        "test_skipped": "skipped",
        "test_skips_itself": "skipped",
        "test_expected": "xfailed",
        # What fails a run since Python 3.4 is told as a failure.
        "test_unexpected": "xpassed" if old else "failed",
    }
    assert {key.rpartition(":")[2]: o for key, o in told.items() if "Subtests" in key} == {
        "test_some_fail": "skipped" if old else "failed",
        "test_one_breaks": "skipped" if old else "errored",
        "test_all_pass": "skipped" if old else "passed",
    }
    assert told["setUpClass (units.test_units.BrokenClass)"] == "errored"
    assert told["units.test_units.BrokenTeardown::test_falls_after"] == "errored"
    assert told["units.test_units.Runners::test_inner"] == "passed"
    assert told["units.test_units.Loud::test_output"] == "passed"
    assert len(ran.cases) == len(told) == 14
    assert ran.counts == (14,)
    assert ran.lost == ()


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_what_is_said_of_a_test(project, environment):
    ran = project("units", environment).run("python", "-m", "unittest", "discover")
    bad = ran.case("test_bad")
    assert bad.id == "units.test_units.Kinds.test_bad"
    assert (bad.file, bad.line) == ("units/test_units.py", 9)
    assert bad.message == "AssertionError: 1 != 2"
    assert "self.assertEqual(1, 2)" in bad.details
    assert "fairlead" not in bad.details
    assert ran.case("test_skipped").message == "by decorator"
    if environment != "py27":
        parts = ran.case("test_some_fail")
        assert "(i=1)" in parts.details
        assert "(i=3)" in parts.details


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_module_that_cannot_be_imported(project, environment):
    made = project("units", environment)
    made.write("test_broken.py", "raise ImportError('nothing here')\n")
    ran = made.both("python", "-m", "unittest", "discover")
    broken = ran.case("test_broken")
    assert (broken.outcome, broken.suite) == ("errored", "")
    assert "nothing here" in broken.details


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_a_script_and_a_result_class_of_its_own(project, environment):
    made = project("", environment)
    text = (
        "import unittest\n"
        "class Result(unittest.TestResult):\n"
        "    def addSuccess(self, test): self.told = True\n"
        "    def addFailure(self, test, err): self.told = True\n"
        "class T(unittest.TestCase):\n"
        "    def test_a(self): pass\n"
        "    def test_b(self): self.fail('no')\n"
        "unittest.defaultTestLoader.loadTestsFromTestCase(T).run(Result())\n"
    )
    made.write("run.py", text)
    ran = made.both("python", "run.py")
    assert ran.outcomes() == {"__main__.T::test_a": "passed", "__main__.T::test_b": "failed"}


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_crash_names_the_test(project, environment):
    made = project("", environment)
    text = (
        "import os, unittest\n"
        "class T(unittest.TestCase):\n"
        "    def test_a(self): pass\n"
        "    def test_b(self): os.kill(os.getpid(), 11)\n"
    )
    made.write("test_a.py", text)
    ran = made.run("python", "-m", "unittest", "test_a")
    assert ran.code == -11
    assert ran.outcomes() == {"test_a.T::test_a": "passed"}
    assert [case.key for case in ran.lost] == ["test_a.T::test_b"]


def test_children_are_silent(project):
    made = project("", "py312")
    text = (
        "import os, subprocess, sys, unittest\n"
        "class T(unittest.TestCase):\n"
        "    def test_fork(self):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            unittest.TextTestRunner(open(os.devnull, 'w')).run(Inner('test_inner'))\n"
        "            os._exit(0)\n"
        "        os.waitpid(pid, 0)\n"
        "    def test_process(self):\n"
        "        argv = [sys.executable, '-m', 'unittest', 'test_a.Inner']\n"
        "        subprocess.run(argv, capture_output=True)\n"
        "class Inner(unittest.TestCase):\n"
        "    def test_inner(self): pass\n"
    )
    made.write("test_a.py", text)
    ran = made.both("python", "-m", "unittest", "test_a.T")
    assert [case.name for case in ran.cases] == ["test_fork", "test_process"]


@pytest.mark.parametrize("environment", ["py27", "py38", "py312"])
def test_django(project, environment):
    ran = project("django", environment).both("python", "-W", "ignore", "manage.py", "test")
    assert ran.outcomes() == {
        "shop.tests.Items::test_shout": "passed",
        "shop.tests.Items::test_wrong": "failed",
        "shop.tests.Items::test_breaks": "errored",
        "shop.tests.More::test_more": "passed",
        "shop.tests.More::test_skipped": "skipped",
        "shop.tests.Unready::test_never": "errored",
        "setUpClass (shop.tests.BrokenClass)": "errored",
    }
    assert len(ran.cases) == 7
    assert ran.counts == (7,)


@pytest.mark.parametrize("environment", ["py27", "py38", "py312"])
def test_django_stops_at_the_first_failure(project, environment):
    made = project("django", environment)
    ran = made.both("python", "-W", "ignore", "manage.py", "test", "--failfast")
    assert len([case for case in ran.cases if case.outcome.bad]) == 1


@pytest.mark.parametrize("environment", ["py27", "py38", "py312"])
def test_django_in_parallel_counts_each_test_once(project, environment):
    made = project("django", environment)
    argv = ("manage.py", "test", "--parallel=2", "shop.tests.Items", "shop.tests.Unready")
    ran = made.run("python", "-W", "ignore", *argv)
    assert ran.code == 1
    assert ran.outcomes() == {
        "shop.tests.Items::test_shout": "passed",
        "shop.tests.Items::test_wrong": "failed",
        "shop.tests.Items::test_breaks": "errored",
        "shop.tests.Unready::test_never": "errored",
    }
    assert len(ran.cases) == 4
    assert "self.assertEqual(Item(name" in ran.case("test_wrong").details
