"""Coverage without the project saying anything, and hands off where it does itself."""

import json
import re

import pytest

pytestmark = pytest.mark.network

MONEY = {"executed_lines": [1, 2, 5, 9, 10], "missing_lines": [6]}
UNUSED = {"executed_lines": [], "missing_lines": [1, 2]}


def lines(ran):
    """The one report's files; an empty one has a line in some versions, and none in others."""
    (found,) = ran.coverage
    return {
        path: file for path, file in found["files"].items() if not path.endswith("bank/__init__.py")
    }


@pytest.mark.parametrize("environment", ["py27", "py36", "py38", "py312", "py313"])
def test_pytest(project, environment):
    ran = project("measured", environment).both("python", "-m", "pytest", "-q", measure=True)
    assert lines(ran) == {"bank/money.py": MONEY, "bank/unused.py": UNUSED}
    assert ran.tally() == {"passed": 2}


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_processes_that_are_not_forked(project, start):
    made = project("measured", "py312")
    ran = made.both("python", "-m", "pytest", "-q", measure=True, START=start)
    assert lines(ran)["bank/money.py"] == MONEY


@pytest.mark.parametrize("environment", ["py27", "py36", "py38", "py312"])
def test_xdist_workers_are_joined(project, environment):
    made = project("measured", environment)
    ran = made.run("python", "-m", "pytest", "-q", "-n2", measure=True)
    assert ran.code == 0
    assert lines(ran) == {"bank/money.py": MONEY, "bank/unused.py": UNUSED}


def test_tests_in_other_layouts(project):
    made = project("", "py312")
    made.write("src/a/__init__.py", "def f():\n    return 1\n")
    made.write("src/a/tests/__init__.py", "")
    made.write("src/a/tests/test_a.py", "from a import f\ndef test_a(): assert f()\n")
    made.write("src/a/other.py", "x = 1\n")
    made.write("tool.py", "x = 1\n")
    made.write("docs/conf.py", "x = 1\n")
    made.write(".hidden/x.py", "x = 1\n")
    ran = made.run("python", "-m", "pytest", "-q", measure=True, PYTHONPATH="src")
    assert sorted(lines(ran)) == ["src/a/__init__.py", "src/a/other.py", "tool.py"]


def test_package_installed_elsewhere(project, tmp_path):
    made = project("measured", "py312")
    elsewhere = tmp_path / "site"
    elsewhere.mkdir()
    (made.root / "bank").rename(tmp_path / "site/bank")
    made.write("src/bank/__init__.py", "")
    for name in ("money", "unused"):
        made.write(f"src/bank/{name}.py", (elsewhere / f"bank/{name}.py").read_text())
    ran = made.run("pytest", "-q", measure=True, PYTHONPATH=str(elsewhere))
    assert lines(ran) == {"src/bank/money.py": MONEY, "src/bank/unused.py": UNUSED}


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_the_projects_own_settings_hold(project, environment):
    made = project("measured", environment)
    settings = (
        "[run]\nbranch = True\nparallel = True\nsource = bank\nconcurrency = multiprocessing\n"
    )
    made.write(".coveragerc", settings + "[report]\nomit = */unused.py\n")
    ran = made.both("python", "-m", "pytest", "-q", measure=True)
    assert lines(ran) == {"bank/money.py": MONEY}
    assert not list(made.root.glob(".coverage*[!c]"))


@pytest.mark.parametrize("options", [("--cov",), ("--cov=bank", "-n2"), ("--cov", "--cov-branch")])
def test_pytest_cov_is_left_alone_and_read(project, options):
    made = project("measured", "py312")
    argv = ("python", "-m", "pytest", "-q", "--cov-report=json", *options)
    without = made.run(*argv, hooks=False)
    theirs = json.loads((made.root / "coverage.json").read_text())
    ran = made.run(*argv, measure=True)
    again = json.loads((made.root / "coverage.json").read_text())
    assert ran.code == without.code
    assert again["files"].keys() == theirs["files"].keys()
    assert again["totals"] == theirs["totals"]
    assert "fairlead" not in str(again)
    own = lines(ran)["bank/money.py"]
    assert own["executed_lines"] == theirs["files"]["bank/money.py"]["executed_lines"]


def test_a_wanted_minimum_holds(project):
    made = project("measured", "py312")
    argv = ("python", "-m", "pytest", "-q", "--cov=bank", "--cov-fail-under=99")
    ran = made.both(*argv, measure=True)
    assert ran.code == 1
    assert "Required test coverage" in ran.stdout + ran.stderr


def rows(made):
    """What ``coverage report`` says of the project; old versions measure pytest as well."""
    shown = "--include=bank/*,tests/*,*fairlead*"
    report = made.run("coverage", "report", shown, hooks=False).stdout
    assert "fairlead" not in report
    return [line for line in report.splitlines() if line.startswith(("bank", "tests"))]


@pytest.mark.parametrize("environment", ["py27", "py36", "py312"])
def test_coverage_run_is_left_alone_and_read(project, environment):
    made = project("measured", environment)
    argv = ("coverage", "run", "-m", "pytest", "-q")
    unmeasured = made.run(*argv)
    without = rows(made)
    assert without
    (made.root / ".coverage").unlink()
    ran = made.both(*argv, measure=True)
    assert (ran.code, ran.tally()) == (unmeasured.code, unmeasured.tally())
    assert rows(made) == without
    assert lines(ran)["bank/money.py"]["executed_lines"][:2] == [1, 2]


@pytest.mark.parametrize("environment", ["py27", "py38", "py312"])
@pytest.mark.parametrize("options", [(), ("--parallel=2",)], ids=str)
def test_django_from_the_settings_on(project, environment, options):
    made = project("django", environment)
    ran = made.run("python", "-W", "ignore", "manage.py", "test", *options, measure=True)
    found = lines(ran)
    assert found["shop/models.py"] == {
        "executed_lines": [1, 4, 5, 7, 8, 10],
        "missing_lines": [11],
    }
    assert found["site_settings.py"]["missing_lines"] == []
    assert "shop/tests.py" not in found


@pytest.mark.parametrize("environment", ["py27", "py36", "py312", "py313"])
def test_unittest(project, environment):
    made = project("measured", environment)
    text = (
        "import unittest\n"
        "from bank import money\n"
        "class T(unittest.TestCase):\n"
        "    def test_add(self): self.assertEqual(money.add(1, 2), 3)\n"
    )
    made.write("tests/test_money.py", text)
    made.write("tests/__init__.py", "")
    ran = made.both("python", "-m", "unittest", "discover", measure=True)
    assert lines(ran)["bank/money.py"] == {"executed_lines": [1, 2, 5, 9], "missing_lines": [6, 10]}


@pytest.mark.parametrize("environment", ["py27", "py312"])
def test_a_measurement_inside_of_the_tests_works(project, environment):
    made = project("measured", environment)
    text = (
        "import coverage, os, bank.money\n"
        "def test_inner():\n"
        "    inner = coverage.Coverage(include=['*/money.py'], data_file='inner')\n"
        "    inner.start()\n"
        "    bank.money.add(1, 2)\n"
        "    inner.stop()\n"
        "    name = os.path.abspath(bank.money.__file__.replace('.pyc', '.py'))\n"
        "    assert inner.get_data().lines(name) == [2]\n"
        "def test_after(): bank.money.never(1)\n"
    )
    made.write("tests/test_money.py", text)
    ran = made.both("python", "-m", "pytest", "-q", measure=True)
    assert ran.tally() == {"passed": 2}
    assert 6 in lines(ran)["bank/money.py"]["executed_lines"]


def test_without_the_coverage_package(project, tmp_path):
    made = project("measured", "py312")
    made.write("coverage.py", "raise ImportError('none')\n")
    ran = made.both("python", "-m", "pytest", "-q", "-p", "no:cov", "-p", "no:pytest_cov",
                    measure=True, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # fmt: skip
    assert ran.coverage == ()


def test_a_tracer_of_somebody_elses_stays(project):
    made = project("measured", "py312")
    text = (
        "import sys\n"
        "def tracer(*args): return None\n"
        "sys.settrace(tracer)\n"
        "import pytest\n"
        "code = pytest.main(['-q'])\n"
        "assert sys.gettrace() is tracer\n"
        "sys.exit(code)\n"
    )
    made.write("run.py", text)
    assert made.run("python", "run.py", measure=True).coverage == ()


def test_the_cheap_way_to_measure_is_taken(project):
    made = project("measured", "py312")
    text = (
        "import os, sys\n"
        "def test_core():\n"
        "    assert sys.gettrace() is None\n"
        "    assert sys.monitoring.get_tool(sys.monitoring.COVERAGE_ID)\n"
        "    assert 'COVERAGE_CORE' not in os.environ\n"
    )
    made.write("tests/test_money.py", text)
    ran = made.run("python", "-m", "pytest", "-q", measure=True)
    assert ran.tally() == {"passed": 1}, re.sub(r"\s+", " ", ran.stdout)
