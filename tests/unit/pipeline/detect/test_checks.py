import pytest

TEST = {"tests/test_a.py": "def test_a(): pass\n"}
BUILD = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\nversion = "1"\n'
CODE = {"src/x/__init__.py": "", "pyproject.toml": BUILD}


@pytest.fixture
def check(found):
    def check(files, name):
        plan = found({**TEST, **files}).plan
        return next((job for job in plan.jobs if job.name == name), None)

    return check


@pytest.mark.parametrize(
    ("files", "name", "commands"),
    [
        ({"ruff.toml": ""}, "ruff", ["ruff check ."]),
        ({".ruff.toml": ""}, "ruff", ["ruff check ."]),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 99\n"}, "ruff", ["ruff check ."]),
        (
            {"pyproject.toml": "[tool.ruff.format]\nquote-style = 'single'\n"},
            "ruff",
            ["ruff check .", "ruff format --check ."],
        ),
        ({".flake8": "[flake8]\n"}, "flake8", ["flake8 ."]),
        ({"setup.cfg": "[flake8]\n"}, "flake8", ["flake8 ."]),
        ({"tox.ini": "[flake8]\n"}, "flake8", ["flake8 ."]),
        ({**CODE, "mypy.ini": "[mypy]\n"}, "mypy", ["mypy src/x"]),
        ({**CODE, "mypy.ini": "[mypy]\nfiles = src\n"}, "mypy", ["mypy"]),
        ({"setup.cfg": "[mypy]\n", "app.py": ""}, "mypy", ["mypy app.py"]),
        ({**CODE, ".pylintrc": ""}, "pylint", ["pylint src/x"]),
        ({**CODE, "setup.cfg": "[pylint.main]\n"}, "pylint", ["pylint src/x"]),
    ],
)
def test_configured_linters(check, files, name, commands):
    job = check(files, name)
    assert [step.command for step in job.steps] == commands
    assert job.stage == "check"
    assert job.steps[0].tool == name
    assert job.steps[0].reuse is not None
    assert (job.id, job.axes, job.python) == (name, (), "3.13")


@pytest.mark.parametrize("name", ["ruff", "flake8", "mypy", "pylint", "docs"])
def test_what_is_not_configured_is_not_run(check, name):
    assert check(CODE, name) is None


def test_a_linter_named_nowhere_may_fail(check):
    job = check({"ruff.toml": ""}, "ruff")
    assert job.allow_failure
    assert job.install.packages == ("ruff",)
    assert job.install.project == "none"


def test_a_linter_in_the_tests_requirements_shares_their_environment(check):
    job = check({"ruff.toml": "", "requirements-dev.txt": "pytest\nruff==0.4\n"}, "ruff")
    assert not job.allow_failure
    assert job.install.requirements == ("requirements-dev.txt",)


def test_a_linter_in_a_group_of_its_own(check):
    groups = '[dependency-groups]\ntests = ["pytest"]\ntyping = ["mypy==1.0"]\n[tool.mypy]\nstrict = true\n'
    job = check({**CODE, "pyproject.toml": BUILD + groups}, "mypy")
    assert not job.allow_failure
    assert job.install.groups == ("tests", "typing")


def test_a_linter_in_a_file_of_its_own(check):
    job = check({"ruff.toml": "", "requirements/lint.txt": "ruff==0.4\n"}, "ruff")
    assert job.install.requirements == ("requirements/lint.txt",)


def test_a_linter_pinned_by_a_hook(check, found):
    hooks = """\
        repos:
          - repo: https://github.com/astral-sh/ruff-pre-commit
            rev: v0.6.2
            hooks: [{id: ruff}, {id: ruff-format}]
        """
    files = {"ruff.toml": "", ".pre-commit-config.yaml": hooks}
    job = check(files, "ruff")
    assert job.install.packages == ("ruff==0.6.2",)
    assert [step.command for step in job.steps] == ["ruff check .", "ruff format --check ."]
    assert not job.allow_failure
    assert any(reason.startswith("pre-commit:") for reason in found({**TEST, **files}).reasons)


@pytest.mark.parametrize(
    ("config", "command"),
    [
        ("docs/conf.py", "sphinx-build -b html docs docs/_build/html"),
        ("doc/conf.py", "sphinx-build -b html doc doc/_build/html"),
        ("docs/source/conf.py", "sphinx-build -b html docs/source docs/_build/html"),
    ],
)
def test_documentation(check, config, command):
    folder = config.rpartition("/")[0]
    job = check({config: "html_theme = 'furo'\n", f"{folder}/index.rst": ""}, "docs")
    assert [step.command for step in job.steps] == [command]
    assert job.allow_failure
    assert job.install.packages == ("pytest", "sphinx", "furo")


def test_documentation_with_requirements_must_pass(check):
    files = {
        **CODE,
        "docs/conf.py": "",
        "docs/index.md": "",
        "docs/requirements.txt": "sphinx\n",
    }
    job = check(files, "docs")
    assert not job.allow_failure
    assert job.install.requirements == ("docs/requirements.txt",)
    assert job.install.project == "editable"


def test_documentation_without_its_beginning_is_passed_over(check):
    assert check({"docs/conf.py": ""}, "docs") is None


def test_checks_come_after_the_tests(found):
    plan = found({**TEST, "ruff.toml": ""}).plan
    assert plan.stages == ("test", "check")
