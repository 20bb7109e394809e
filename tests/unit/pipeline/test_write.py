import json
import textwrap

import pytest

from fairlead.model import Trigger
from fairlead.pipeline import travis
from fairlead.pipeline.detect import detect
from fairlead.pipeline.native.plan import plan as plan_native
from fairlead.pipeline.tree import MemoryTree
from fairlead.pipeline.write import render

PRESENT = ("3.9.18", "3.11.7", "3.12.1")
TEST = {"tests/test_a.py": "import pytest\n"}
BUILD = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\nversion = "1"\n'
LIBRARY = BUILD + 'requires-python = ">=3.11"\n'
PROJECTS = {
    "nothing but tests": TEST,
    "a library": {**TEST, "pyproject.toml": LIBRARY},
    "groups and a lock": {
        **TEST,
        "pyproject.toml": LIBRARY + '[dependency-groups]\ntests = ["pytest"]\nlint = ["ruff"]\n'
        "[tool.ruff]\n[tool.mypy]\nfiles = ['src']\n[tool.coverage.run]\n",
        "uv.lock": "",
    },
    "requirements": {
        **TEST,
        "requirements.txt": "flask\n",
        "requirements-dev.txt": "pytest\nruff\n",
        "ruff.toml": "",
        "docs/conf.py": "",
        "docs/index.rst": "",
    },
    "features": {"features/a.feature": "", "features/steps/a.py": "", **TEST},
    "one version": {**TEST, ".python-version": "3.11\n"},
    "a version that is absent": {**TEST, ".python-version": "3.14\n"},
    "tox": {
        **TEST,
        "setup.py": "",
        "limits.txt": "",
        "tox.ini": "[tox]\nenvlist=py{39,311}-{a,b},py312\n[testenv]\ndeps=\n  a: one\n  b: two\n"
        " -climits.txt\nsetenv = A = 1:2\ncommands_pre = echo 'x: y'\n"
        "commands =\n  py312: pytest\n  a,b: - pytest --t={envtmpdir} # no\n  flake8 {toxinidir}\n",
    },
    "tox as it is": {
        **TEST,
        "setup.py": "",
        "tox.ini": "[tox]\nenvlist=py39,py311\n[testenv]\ncommands=pytest {envsitepackagesdir}\n",
    },
    "versions that do different things": {
        **TEST,
        "setup.py": "",
        "tox.ini": "[tox]\nenvlist=py39,py311\n[testenv]\ncommands=\n  py39: a\n  py311: b\n",
    },
    "django": {"manage.py": "import django", "app/tests.py": "import unittest"},
}


@pytest.mark.parametrize("known", [True, False], ids=["with its tree", "without"])
@pytest.mark.parametrize("files", PROJECTS.values(), ids=PROJECTS)
def test_a_detected_plan_plans_back_to_the_same_jobs(files, known):
    tree = MemoryTree(files)
    found = detect(tree, Trigger(), PRESENT)
    text = render(found.plan, found.reasons, tree if known else None)
    back = plan_native(text.encode(), "fairlead.yml", tree, Trigger())
    assert back.jobs == found.plan.jobs
    assert back.stages == found.plan.stages
    assert back.warnings == ()


def test_the_file_is_short_and_says_why():
    tree = MemoryTree({**TEST, "pyproject.toml": LIBRARY})
    found = detect(tree, Trigger(), PRESENT)
    assert render(found.plan, found.reasons, tree) == textwrap.dedent("""\
        # What Fairlead runs for each change. `fairlead plan` shows the jobs, `fairlead run` runs them,
        # `fairlead lint` checks this file.

        # Why it is as it is:
        # - Python 3.11, 3.12: requires-python says >=3.11
        # - pytest is installed, though no requirements name it: pytest is needed
        # - pytest: tests/test_a.py imports pytest
        # - install: packages pytest; the project itself

        python: ["3.11", "3.12"]
        install:
          packages: [pytest]

        jobs:
          tests: pytest
        """)


def translated(text, **trigger):
    tree = MemoryTree({"requirements.txt": ""})
    data = textwrap.dedent(text).encode()
    source = Trigger(**{"branch": "master", **trigger})
    plan = travis.plan(data, ".travis.yml", tree, source, secrets={})
    written = render(plan, (), tree)
    return written, plan_native(written.encode(), "fairlead.yml", tree, source)


def test_a_travis_matrix_becomes_one_entry_with_a_script():
    written, plan = translated("""\
        language: python
        python: [3.8, 3.10]
        before_install: [cd sub, export A=1]
        install: pip install .
        script: [pytest, flake8]
        """)
    assert [(job.id, job.python) for job in plan.jobs] == [
        ("test-3.8", "3.8"),
        ("test-3.10", "3.10"),
    ]
    assert plan.jobs[0].timeout == 3000
    assert plan.jobs[0].steps[0].command.splitlines() == [
        *("set -e", "cd sub", "export A=1", "pip install .", "result=0", "set +e"),
        *("pytest || result=1", "flake8 || result=1", 'exit "$result"'),
    ]
    assert written.count("run:") == 1


@pytest.mark.parametrize(
    ("command", "apart"),
    [
        ("pip install -r requirements.txt", True),
        ("mkdir cd-rom && pip install '.[cd]'", True),
        ("psql -c 'create database x;' -U postgres", True),
        ("DEBUG=1 make build", True),
        ("cd sub", False),
        ("mkdir a && cd a", False),
        ("if [ -d a ]; then export B=1; fi", False),
        ("A=1", False),
        (". env/bin/activate", False),
        ("helper() { true; }", False),
        ("travis_retry pip install .", False),
        ("echo $TRAVIS_BRANCH", False),
        ("cat > a <<END\nx\nEND", False),
    ],
)
def test_setup_that_leaves_nothing_in_the_shell_stays_setup(command, apart):
    """So that its failure makes the translated job errored too, and not failed."""
    _written, plan = translated(
        f"language: python\ninstall: {json.dumps(command)}\nscript: pytest\n"
    )
    phases = [(step.phase, step.command) for step in plan.jobs[0].steps]
    assert (("setup", command) in phases) == apart
    assert (command in phases[-1][1]) != apart


def test_variables_are_plain_where_they_can_be_and_exported_where_not():
    _written, plan = translated("""\
        language: python
        env: {global: ["A='x y'", B=$A/b, C=3]}
        script: pytest
        """)
    job = plan.jobs[0]
    assert dict(job.env) == {"A": "x y"}
    assert "export B=$A/b\nexport C=3" in job.steps[0].command


def test_variables_of_travis_come_from_ours():
    _written, plan = translated("""\
        language: python
        python: 3.8
        script: echo $TRAVIS_BRANCH $TRAVIS_PYTHON_VERSION
        """)
    command = plan.jobs[0].steps[0].command
    assert 'export TRAVIS_BRANCH="$FAIRLEAD_BRANCH"' in command
    assert "export TRAVIS_PYTHON_VERSION=3.8" in command


def test_stages_allowed_failures_and_services_are_taken_over():
    written, plan = translated("""\
        language: python
        services: [postgresql]
        script: x
        python: [3.8, 3.9]
        jobs:
          fast_finish: true
          include:
            - {stage: docs, name: Build docs, python: 3.8, script: y}
            - {stage: docs, language: generic, script: z}
          allow_failures: [{python: 3.9}]
        """)
    assert plan.stages == ("test", "docs")
    assert plan.fast_finish
    assert [(job.python, job.allow_failure) for job in plan.jobs] == [
        ("3.8", False),
        ("3.9", True),
        ("3.8", False),
        (None, False),
    ]
    assert plan.jobs[0].services[0].kind == "postgres"
    assert plan.jobs[0].network.hosts == ("*",)
    assert "build-docs:" in written


def test_what_has_no_place_is_listed():
    written, _plan = translated("""\
        language: python
        python: [3.8, nightly]
        dist: xenial
        script: x
        deploy: {provider: pypi}
        jobs: {include: [{os: osx}]}
        """)
    head = written.split("\njobs:")[0]
    for part in ("dist is not run here", "deployment by pypi", "os osx", "Python nightly"):
        assert part in head
