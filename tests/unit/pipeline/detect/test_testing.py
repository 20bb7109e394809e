import pytest

from fairlead.errors import FairleadError

PYTEST = "def test_a(): pass\n"
UNITTEST = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"
BUILD = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\nversion = "1"\n'
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'x')\nimport django\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"tests/test_a.py": PYTEST}, "python -m pytest"),
        ({"tests/test_a.py": PYTEST, "pyproject.toml": BUILD}, "pytest"),
        ({"test_a.py": "import pytest\n"}, "python -m pytest"),
        ({"tests/test_a.py": UNITTEST, "pytest.ini": "[pytest]\n"}, "python -m pytest"),
        ({"tests/test_a.py": UNITTEST, "setup.cfg": "[tool:pytest]\n"}, "python -m pytest"),
        ({"tests/test_a.py": UNITTEST, "tox.ini": "[pytest]\n"}, "python -m pytest"),
        (
            {"tests/test_a.py": UNITTEST, "pyproject.toml": "[tool.pytest.ini_options]\n"},
            "python -m pytest",
        ),
        ({"tests/test_a.py": UNITTEST, "tests/conftest.py": ""}, "python -m pytest"),
        ({"tests/test_a.py": UNITTEST, "requirements.txt": "pytest\n"}, "python -m pytest"),
        ({"tests/test_a.py": UNITTEST}, "python -m unittest discover -s tests"),
        (
            {"tests/test_a.py": UNITTEST, "tests/__init__.py": ""},
            "python -m unittest discover -s tests -t .",
        ),
        (
            {"x/tests/test_a.py": UNITTEST, "x/tests/__init__.py": "", "x/__init__.py": ""},
            "python -m unittest discover -s x/tests -t .",
        ),
        ({"test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"tests.py": UNITTEST}, "python -m unittest tests"),
        ({"manage.py": MANAGE, "app/tests.py": UNITTEST}, "python manage.py test"),
        (
            {"src/manage.py": MANAGE, "src/app/tests.py": UNITTEST},
            "cd src && python manage.py test",
        ),
        (
            {"manage.py": MANAGE, "app/tests.py": UNITTEST, "requirements.txt": "pytest-django"},
            "python -m pytest",
        ),
        (
            {"manage.py": MANAGE, "app/tests.py": UNITTEST, "pytest.ini": "[pytest]\n"},
            "python -m pytest",
        ),
        ({"runtests.py": "import django\n", "tests/tests.py": UNITTEST}, "python runtests.py"),
        (
            {"tests/test_a.py": PYTEST, "examples/app/tests/test_b.py": PYTEST},
            "python -m pytest tests",
        ),
        (
            {
                "tests/test_a.py": PYTEST,
                "examples/test_b.py": PYTEST,
                "pytest.ini": "[pytest]\ntestpaths = tests\n",
            },
            "python -m pytest",
        ),
    ],
)
def test_the_runner_and_its_command(jobs, files, command):
    assert jobs(files)["tests"] == [command]


def test_features_of_behave(jobs):
    files = {"features/a.feature": "", "features/steps/a.py": ""}
    assert jobs(files) == {"features": ["behave"]}
    assert jobs({"features/a.feature": "", "tests/test_a.py": PYTEST}).keys() == {"tests"}


def test_features_elsewhere_are_named(jobs):
    files = {"tests/features/a.feature": "", "tests/features/steps/a.py": ""}
    assert jobs(files)["features"] == ["behave tests/features"]


def test_nothing_found_says_what_to_do(found):
    with pytest.raises(FairleadError, match="no tests were found") as caught:
        found({"README.md": "hello", "x.py": "print(1)"})
    assert "fairlead init" in caught.value.hint


def test_an_empty_project_is_no_crash(found):
    with pytest.raises(FairleadError, match="no tests were found"):
        found({})


def test_a_broken_setup_py_is_left_to_the_installer(jobs):
    assert jobs({"tests/test_a.py": PYTEST, "setup.py": "def ("})["tests"] == ["pytest"]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[[["},
        {"setup.cfg": "no section"},
        {"tox.ini": "[tox\nx"},
        {"noxfile.py": "def ("},
        {"requirements.txt": "-r requirements.txt\n"},
        {"pyproject.toml": "tool = 3\nproject = 4\n"},
        {"pyproject.toml": '[dependency-groups]\ntest = [{include-group = "test"}]\n'},
        {"pyproject.toml": "[tool.tox]\nenv_list = 3\n"},
        {"pyproject.toml": "[tool]\nruff = 3\npytest = 4\ncoverage = 5\nmypy = []\n"},
        {"PKG-INFO": "\x00\n"},
    ],
)
def test_broken_files_are_passed_over(jobs, files):
    assert jobs({"tests/test_a.py": PYTEST, **files})["tests"] == ["python -m pytest"]


@pytest.mark.parametrize(
    ("files", "measured"),
    [
        ({}, False),
        ({".coveragerc": ""}, True),
        ({"pyproject.toml": "[tool.coverage.run]\nbranch = true\n"}, True),
        ({"setup.cfg": "[coverage:run]\nbranch = true\n"}, True),
        ({"tox.ini": "[coverage:run]\nbranch = true\n"}, True),
        ({"pytest.ini": "[pytest]\naddopts = --cov=x\n"}, True),
        ({"requirements-test.txt": "pytest\npytest-cov\n"}, True),
    ],
)
def test_coverage_is_measured_where_it_is_wanted(found, files, measured):
    plan = found({"tests/test_a.py": PYTEST, **files}).plan
    assert plan.jobs[0].measure_coverage is measured


def install(found, files):
    return found(files).plan.jobs[0].install


def test_a_runner_nobody_names_is_added(found):
    assert install(found, {"tests/test_a.py": PYTEST}).packages == ("pytest",)
    named = {"tests/test_a.py": PYTEST, "requirements-test.txt": "PyTest>=7\n"}
    assert install(found, named).packages == ()


def test_known_helpers_are_added_with_the_runner(found):
    source = """\
        import pytest
        import requests_mock, os
        from freezegun import freeze_time
        import unknown_thing

        @pytest.mark.asyncio
        async def test_a(mocker): ...
        """
    files = {"tests/test_a.py": source, "pytest.ini": "[pytest]\naddopts = -n 2 --timeout=3\n"}
    assert set(install(found, files).packages) == {
        *("pytest", "requests-mock", "freezegun"),
        *("pytest-asyncio", "pytest-mock", "pytest-xdist", "pytest-timeout"),
    }


def test_modules_of_the_project_are_no_helpers(found):
    files = {"tests/test_a.py": "import pytest\nimport schema\n", "schema.py": ""}
    assert install(found, files).packages == ("pytest",)


def test_indented_imports_are_not_taken_for_needs(found):
    source = "import pytest\ntry:\n    import numpy\nexcept ImportError: pass\n"
    assert install(found, {"tests/test_a.py": source}).packages == ("pytest",)


def test_extras_that_tests_import_are_installed(found):
    files = {
        "tests/test_a.py": "import pytest\nimport zstandard\n",
        "pyproject.toml": BUILD + '[project.optional-dependencies]\nzstd = ["zstandard>=0.1"]\n',
    }
    assert install(found, files).extras == ("zstd",)


def test_what_is_for_testing_is_enough(found):
    groups = '[dependency-groups]\ndev = ["tox", "ruff"]\ntests = ["pytest"]\n'
    files = {"tests/test_a.py": PYTEST, "pyproject.toml": BUILD + groups}
    assert install(found, files).groups == ("tests",)


def test_what_is_for_developing_stays_where_it_is_needed(found):
    groups = '[dependency-groups]\ndev = ["pytest"]\ntests = ["mock"]\n'
    files = {"tests/test_a.py": PYTEST, "pyproject.toml": BUILD + groups}
    assert install(found, files).groups == ("dev", "tests")


def test_extras_of_published_metadata_count(found):
    files = {
        "tests/test_a.py": PYTEST,
        "setup.py": "T = compute()\nsetup(extras_require={'testing': T})",
        "PKG-INFO": 'Name: x\nRequires-Dist: pytest>=6; extra == "testing"\n',
    }
    found_install = install(found, files)
    assert (found_install.extras, found_install.packages) == (("testing",), ())


def test_each_decision_has_a_reason(found):
    files = {"tests/test_a.py": PYTEST, "pyproject.toml": BUILD + "[tool.pytest.ini_options]\n"}
    reasons = found(files).reasons
    assert "pytest: [tool.pytest.ini_options] in pyproject.toml" in reasons
    assert "install: packages pytest; the project itself" in reasons
