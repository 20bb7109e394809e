import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.detect.toxnames import expand, lines_for, other_factors, python_of
from fairlead.pipeline.detect.words import ROOT, TEMPORARY, Untranslatable, to_shell, variable

TEST = {"tests/test_a.py": "def test_a(): pass\n"}
BUILD = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("py39, py310", ["py39", "py310"]),
        ("py39\npy310\n", ["py39", "py310"]),
        ("py{39,310}-a{1,2}", ["py39-a1", "py39-a2", "py310-a1", "py310-a2"]),
        ("py3{9-11}", ["py39", "py310", "py311"]),
        ("py{39, 310},lint", ["py39", "py310", "lint"]),
        ("{py39}-a", ["py39-a"]),
        ("# comment\npy39 # more\n", ["py39"]),
        ("", []),
    ],
)
def test_names_expand(text, names):
    assert expand(text) == names


@pytest.mark.parametrize(
    ("name", "python", "rest"),
    [
        ("py39", "3.9", ""),
        ("py310-django32", "3.10", "django32"),
        ("py3.13-a-b", "3.13", "a-b"),
        ("3.9", "3.9", ""),
        ("py", "", ""),
        ("py3-x", "", "x"),
        ("lint", None, "lint"),
        ("pypy3", None, "pypy3"),
    ],
)
def test_pythons_in_names(name, python, rest):
    assert (python_of(name), other_factors(name)) == (python, rest)


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("pytest", True),
        ("py39: pytest", True),
        ("py38: pytest", False),
        ("py38,py39: pytest", True),
        ("py{38,39}: pytest", True),
        ("!py38: pytest", True),
        ("!py39: pytest", False),
        ("py39-x: pytest", True),
        ("py39-y: pytest", False),
        ("y,x: pytest", True),
    ],
)
def test_factor_conditions(line, holds):
    assert lines_for(line, "py39-x") == (["pytest"] if holds else [])


@given(st.text(alphabet="py39{},- \n#:!x", max_size=30))
def test_any_names_are_expanded_without_an_error(text):
    for name in expand(text):
        assert name
        assert " " not in name


def test_words_for_the_shell():
    assert to_shell(("pytest", "a b", f"{ROOT}/x")) == "pytest 'a b' \"$PWD/x\""
    assert to_shell((f"--t={TEMPORARY}",)) == '"--t=${TMPDIR:-/tmp}/fairlead-env"'
    assert to_shell(("echo", variable("A", "b"), "$X")) == "echo \"${A-b}\" '$X'"
    assert to_shell(("pytest", ROOT, f"{ROOT}/x"), "sub/dir") == (
        'cd sub/dir && pytest ../.. "$PWD/../../x"'
    )


TOX = """\
    [tox]
    envlist = py{39,310}

    [base]
    deps =
        mock
        -rrequirements/ci.txt

    [testenv]
    deps =
        {[base]deps}
        pytest>=7
        py39: old
        -c{toxinidir}/limits.txt
        .[fast]
    setenv =
        A = 1
        HERE = {toxinidir}/src
    commands_pre = python -c "print('a b')"
    commands =
        - coverage erase
        {envpython} -m pytest --basetemp={envtmpdir} {posargs:tests} \\
            --name={envname}
        ! false
        py310: only310 {env:OPTION:x}
    """
TOX_FILES = {
    **TEST,
    "pyproject.toml": BUILD,
    "tox.ini": TOX,
    "limits.txt": "",
    "requirements/ci.txt": "",
}


def test_an_environment_is_translated(found):
    detected = found(TOX_FILES)
    old, new = detected.plan.jobs
    assert (old.id, new.id) == ("tests-3.9", "tests-3.10")
    assert [step.command for step in old.steps] == [
        "export HERE=\"$PWD/src\"; python -c 'print('\"'\"'a b'\"'\"')'",
        'export HERE="$PWD/src"; coverage erase || true',
        (
            'export HERE="$PWD/src"; python -m pytest '
            '"--basetemp=${TMPDIR:-/tmp}/fairlead-env" tests --name=py39'
        ),
        'export HERE="$PWD/src"; ! false',
    ]
    assert new.steps[-1].command == 'export HERE="$PWD/src"; only310 "${OPTION-x}"'
    assert [step.phase for step in old.steps] == ["setup", "script", "script", "script"]
    assert old.env == (("A", "1"),)
    assert old.install.packages == ("mock", "pytest>=7", "old")
    assert old.install.requirements == ("requirements/ci.txt",)
    assert old.install.constraints == ("limits.txt",)
    assert (old.install.extras, old.install.project) == (("fast",), "editable")
    assert "tox: tox.ini alone says how to test" in detected.reasons


def tox_jobs(found, text, **files):
    return found({**TEST, "pyproject.toml": BUILD, "tox.ini": text, **files}).plan.jobs


def test_tox_is_not_asked_where_the_requirements_name_pytest(found):
    text = "[tox]\nenvlist=py39\n[testenv]\ndeps=pytest\ncommands=pytest -x\n"
    plain = tox_jobs(found, text)
    named = tox_jobs(found, text, **{"requirements-test.txt": "pytest"})
    assert plain[0].steps[0].command == "pytest -x"
    assert named[0].steps[0].command == "pytest"


def test_py_runs_on_every_version(found):
    text = "[tox]\nenvlist=py\n[testenv]\ncommands=pytest -x\n"
    files = {"pyproject.toml": BUILD + 'requires-python = ">=3.12"\n'}
    assert [job.id for job in tox_jobs(found, text, **files)] == ["tests-3.12", "tests-3.13"]


def test_factors_beside_python_make_jobs_of_their_own(found):
    text = """\
        [tox]
        envlist = py{39,310}-django{3,4}, lint
        [testenv]
        deps =
            pytest
            django3: django<4
            django4: django<5
        commands = pytest
        """
    jobs = tox_jobs(found, text)
    assert [job.id for job in jobs] == [
        *("tests-django3-3.9", "tests-django3-3.10"),
        *("tests-django4-3.9", "tests-django4-3.10"),
    ]
    assert jobs[0].install.packages == ("pytest", "django<4")


def test_a_huge_matrix_is_cut_and_that_is_said(found):
    text = """\
        [tox]
        envlist = py{39,310}-a{1-30}
        [testenv]
        commands = pytest {envname}
        """
    detected = found({**TEST, "pyproject.toml": BUILD, "tox.ini": text})
    commands = [job.steps[0].command for job in detected.plan.jobs]
    assert commands == ["pytest py39-a30", "pytest py310-a30"]
    assert any("only the last environment of each Python, of 60" in r for r in detected.reasons)


@pytest.mark.parametrize(
    "line",
    [
        "commands = pytest {envsitepackagesdir}",
        "deps = -f somewhere\ncommands = pytest",
        "deps = -rabsent.txt\ncommands = pytest",
        "changedir = /tmp\ncommands = pytest",
        "commands = pytest 'open",
        "commands = pytest {env:A:b c}",
        "",
    ],
)
def test_what_cannot_be_translated_is_run_by_tox(found, line):
    detected = found(
        {**TEST, "pyproject.toml": BUILD, "tox.ini": f"[tox]\nenvlist=py39\n[testenv]\n{line}\n"}
    )
    (job,) = detected.plan.jobs
    assert [step.command for step in job.steps] == ["tox -e py39"]
    assert job.install.packages == ("tox",)
    assert job.python == "3.9"
    assert "run by tox itself" in detected.plan.warnings[0].message


def test_environments_without_pythons_are_chosen_by_name(found):
    text = "[tox]\nenvlist=lint,tests\n[testenv:tests]\ncommands=pytest -x\n"
    (job,) = tox_jobs(found, text)
    assert (job.python, job.steps[0].command) == ("3.13", "pytest -x")


def test_sections_with_braces_and_skip_install(found):
    text = """\
        [tox]
        envlist = py39-x
        [testenv:py{39,310}-x]
        skip_install = true
        changedir = tests
        commands = pytest
        """
    (job,) = tox_jobs(found, text)
    assert job.install.project == "none"
    assert job.steps[0].command == "cd tests && pytest"


def test_the_toml_form(found):
    text = """\
        [build-system]
        requires = []
        [tool.tox]
        env_list = ["py3.9", "py3.10", "style"]
        [tool.tox.env_run_base]
        deps = ["pytest"]
        dependency_groups = ["more"]
        set_env = {A = "1"}
        commands = [["pytest", "--t={env_tmp_dir}", {replace = "posargs", default = ["tests"]}]]
        """
    jobs = found({**TEST, "pyproject.toml": text}).plan.jobs
    assert [job.python for job in jobs] == ["3.9", "3.10"]
    assert jobs[0].steps[0].command == 'pytest "--t=${TMPDIR:-/tmp}/fairlead-env" tests'
    assert (jobs[0].install.groups, jobs[0].env) == (("more",), (("A", "1"),))


def test_setup_cfg_and_legacy_ini(found):
    ini = "envlist=py39\n[testenv]\ncommands=pytest -x\n"
    cfg = found({**TEST, "setup.cfg": f"[metadata]\nname=x\n[tox:tox]\n{ini}"})
    legacy = found({**TEST, "pyproject.toml": f'[tool.tox]\nlegacy_tox_ini = """\n[tox]\n{ini}"""'})
    for detected in (cfg, legacy):
        assert detected.plan.jobs[0].steps[0].command == "pytest -x"


NOX = """\
    import nox
    VERSIONS = ["3.9", "3.10", "3.6"]

    @nox.session(python=VERSIONS)
    def tests(session):
        \"\"\"Run them.\"\"\"
        session.install("pytest", "-r", "more.txt")
        session.install("-e", ".[fast]")
        session.run("pytest", "-x", "a b", *session.posargs)

    @nox.session
    def lint(session):
        session.run("flake8")
    """


def test_sessions_of_nox_are_translated(found):
    files = {**TEST, "pyproject.toml": BUILD, "noxfile.py": NOX, "more.txt": ""}
    jobs = found(files).plan.jobs
    assert [job.id for job in jobs] == ["tests-3.9", "tests-3.10"]
    assert jobs[0].steps[0].command == "pytest -x 'a b'"
    assert jobs[0].install.packages == ("pytest",)
    assert (jobs[0].install.requirements, jobs[0].install.extras) == (("more.txt",), ("fast",))


def test_environments_that_only_check_are_jobs_too_and_the_others_are_named(found):
    ini = """\
        [tox]
        envlist = py39, lint, release, py34
        skipsdist = true
        [testenv]
        deps = pytest
        commands = pytest
        [testenv:lint]
        deps = flake8
        commands = flake8 {toxinidir}/tests
        [testenv:release]
        deps = twine
        commands = twine upload dist
        [flake8]
        max-line-length = 100
        """
    plan = found({**TEST, "tox.ini": ini}).plan
    assert [(job.id, job.stage) for job in plan.jobs] == [("tests-3.9", "test"), ("lint", "check")]
    assert plan.jobs[1].install.packages == ("flake8",)
    assert plan.jobs[1].python == "3.9"
    assert [(one.job, one.reason) for one in plan.skipped] == [
        ("release", "tox.ini has it, but it does not test or only check")
    ]


def test_sessions_that_only_check_are_jobs_too(found):
    source = """\
        import nox
        @nox.session(python=["3.9"])
        def tests(session):
            session.install("pytest")
            session.run("pytest")
        @nox.session
        def style(session):
            session.install("ruff")
            session.run("ruff", "check", ".")
        @nox.session
        def release(session):
            session.install("twine")
            session.run("twine", "upload", "dist")
        """
    plan = found({**TEST, "noxfile.py": source}).plan
    assert [job.id for job in plan.jobs] == ["tests-3.9", "style"]
    assert [one.job for one in plan.skipped] == ["release"]


def test_sessions_that_compute_are_run_by_nox(found):
    source = """\
        import nox
        @nox.session(python=["3.9"])
        def unit(session):
            if session.posargs:
                session.run("pytest")
        """
    detected = found({**TEST, "noxfile.py": source})
    (job,) = detected.plan.jobs
    assert job.steps[0].command == "nox -s unit-3.9"
    assert job.install.packages == ("nox",)
    assert "run by nox itself, because of line 4" in detected.plan.warnings[0].message


def test_untranslatable_names_what_it_is():
    assert str(Untranslatable("{x}")) == "{x}"
