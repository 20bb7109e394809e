"""Projects that come with a `.travis.yml`, run as they are, and translated."""

import re
import shutil

import pytest

pytestmark = pytest.mark.network

TESTS = {
    "shop/__init__.py": "def price(n):\n    return n * 2\n",
    "tests/test_shop.py": """\
        import shop


        def test_price():
            assert shop.price(2) == 4


        def test_nothing():
            assert shop.price(0) == 0
        """,
    "setup.cfg": "[tool:pytest]\ntestpaths = tests\n",
}


def translated(project, expected, *, code):
    """`fairlead init` in the project: the file is fine, and comes to the same verdict."""
    assert project.fairlead("init").code == 0
    lint = project.fairlead("lint")
    assert (lint.code, lint.out.split(",")[0]) == (0, "fairlead.yml: fine")
    again = project.run(code=code)
    assert again.result["plan"]["origin"] == "native"
    assert sorted(again.ends.values()) == sorted(expected.ends.values())
    counts = [sorted(len(run.tests(job)) for job in run.jobs) for run in (expected, again)]
    assert counts[0] == counts[1]
    return again


def test_a_matrix_runs_unchanged(make_project, two_pythons):
    low, high = two_pythons
    project = make_project(
        {
            **TESTS,
            "requirements.txt": "iniconfig\n",
            ".travis.yml": f"""\
                language: python
                python:
                  - "{low}"
                  - "{high}"
                env:
                  global:
                    - NAME="a shop" PLACE=$NAME/tests
                  jobs:
                    - DB=sqlite
                    - DB=memory
                jobs:
                  exclude:
                    - python: "{high}"
                      env: DB=memory
                before_install:
                  - python --version
                before_script:
                  - mkdir -p build && cd build
                  - export BEGUN=yes
                script:
                  - pwd
                  - cd ..
                  - python -m pytest -q
                  - python -c "import iniconfig"
                  - echo "$TRAVIS_PYTHON_VERSION/$TRAVIS_BRANCH/$DB/$BEGUN/$PLACE"
                  - test "$(pwd)" = "$TRAVIS_BUILD_DIR" && echo "at the top, $TRAVIS_OS_NAME"
                  - echo "$CI $TRAVIS $TRAVIS_EVENT_TYPE $TRAVIS_COMMIT"
                after_success:
                  - echo well
                after_failure:
                  - echo badly
                after_script:
                  - echo "ended with $TRAVIS_TEST_RESULT"
                """,
        }
    )
    run = project.run(code=0)
    jobs = [f"test-{low}-db-sqlite", f"test-{low}-db-memory", f"test-{high}-db-sqlite"]
    assert run.ends == dict.fromkeys(jobs, "passed")
    assert run.sentence.startswith("6 tests in 3 jobs")
    steps = run.steps(jobs[2])
    assert steps["python --version"].startswith(f"Python {high}.")
    assert steps["pwd"].endswith("/build\n")
    assert steps['python -c "import iniconfig"'] == ""
    last = [text for name, text in steps.items() if name.startswith(("echo", "test"))]
    head = project.git("rev-parse", "HEAD").strip()
    assert last == [
        f"{high}/main/sqlite/yes/a shop/tests\n",
        "at the top, linux\n",
        f"true true push {head}\n",
        "well\n",
        "ended with 0\n",
    ]
    assert not (project.folder / "build").exists()
    translated(project, run, code=0)


def test_a_script_that_fails_makes_the_build_failed(make_project, python):
    project = make_project(
        {
            **TESTS,
            ".travis.yml": f"""\
                language: python
                python: {python}
                install: true
                script:
                  - test -d shop
                  - test -d nowhere
                  - python -m pytest -q
                after_success: echo well
                after_failure: echo "badly $TRAVIS_TEST_RESULT"
                """,
        }
    )
    run = project.run(code=1)
    assert run.outcome == "failed"
    assert run.sentence.startswith(f"test ({python}): test -d nowhere exited with 1")
    (job,) = run.jobs
    assert list(run.steps(job))[-2:] == ["python -m pytest -q", 'echo "badly $TRAVIS_TEST_RESULT"']
    assert "echo well" not in run.steps(job)
    assert set(run.tests(job).values()) == {"passed"}
    translated(project, run, code=1)


def test_an_installation_that_fails_makes_the_build_errored(make_project, python):
    project = make_project(
        {
            **TESTS,
            ".travis.yml": f"""\
                language: python
                python: {python}
                install: pip install --no-index there-is-no-such-thing
                script: python -m pytest -q
                after_failure: echo never
                """,
        }
    )
    run = project.run(code=2)
    (job,) = run.jobs
    assert run.ends == {job: "errored"}
    assert list(run.steps(job)) == ["pip install --no-index there-is-no-such-thing"]
    assert "exited with 1" in run.sentence
    assert "No matching distribution found" in run.out
    translated(project, run, code=2)


def test_commands_are_tried_again(make_project):
    project = make_project(
        {
            "flaky": 'echo x >> tries; test "$(wc -l < tries)" = 3\n',
            ".travis.yml": """\
                language: generic
                script:
                  - travis_retry bash flaky
                  - travis_retry false
                """,
        }
    )
    run = project.run(code=1)
    (job,) = run.jobs
    steps = run.steps(job)
    assert "Retrying, 3 of 3" in steps["travis_retry bash flaky"]
    assert "failed 3 times" in steps["travis_retry false"]
    codes = [step.get("code") for step in run.attempt(job)["steps"]]
    assert codes == [0, 1]


def test_stages_in_order_and_none_after_one_that_failed(make_project):
    project = make_project(
        {
            ".travis.yml": """\
                language: generic
                stages: [check, test, name: release]
                jobs:
                  include:
                    - stage: release
                      script: echo never
                    - stage: check
                      name: Style
                      script: echo style
                    - stage: test
                      script: test "$PWD" = nowhere
                    - script: echo second of test
                """,
        }
    )
    plan = project.fairlead("plan")
    stages = re.findall(r"^(check|test|release)$", plan.out, re.MULTILINE)
    assert stages == ["check", "test", "release"]
    run = project.run(code=1)
    assert run.ends == {
        "style": "passed",
        "test": "failed",
        "test-2": "passed",
        "release": "cancelled",
    }
    assert "1 job cancelled: release" in run.sentence
    translated(project, run, code=1)


def test_allowed_failures_do_not_count_and_are_not_waited_for(make_project):
    project = make_project(
        {
            ".travis.yml": """\
                language: generic
                env: [KIND=good, KIND=slow]
                script: >-
                  if [ $KIND = slow ]; then sleep 500; fi
                jobs:
                  fast_finish: true
                  allow_failures:
                    - env: KIND=slow
                """,
        }
    )
    run = project.run("--jobs", "2", code=0)
    assert run.ends == {"test-kind-good": "passed", "test-kind-slow": "cancelled"}
    assert "fast_finish" in run.jobs["test-kind-slow"]["reason"]
    assert "1 job cancelled: test (KIND=slow)" in run.sentence


def test_a_secret_that_only_travis_can_read(make_project):
    project = make_project(
        {
            ".travis.yml": """\
                language: generic
                env:
                  global:
                    - secure: "c29tZXRoaW5nIGVuY3J5cHRlZA=="
                script:
                  - echo "token is '$TOKEN', $TRAVIS_SECURE_ENV_VARS"
                """,
        }
    )
    before = project.run(code=0)
    assert "token is '', false" in before.log("test")
    assert ".travis.yml:4:15: warning: the encrypted value of a variable is missing" in before.said
    assert "fairlead secrets set NAME --cipher sha256:" in before.said
    cipher = re.search(r"sha256:[0-9a-f]{64}", before.said)[0]
    stored = project.fairlead("secrets", "set", "TOKEN", "--cipher", cipher, given="s3cr3t-word\n")
    assert stored.code == 0, stored
    after = project.run(code=0)
    assert "token is '[secret]', true" in after.log("test")
    assert "encrypted" not in after.said
    text = (after.folder / "result.json").read_text() + after.out
    assert "s3cr3t-word" not in text
    assert project.fairlead("secrets", "list").out.startswith("TOKEN  for sha256:")


def test_services_at_their_usual_ports(make_project):
    for program in ("psql", "redis-cli"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    project = make_project(
        {
            ".travis.yml": """\
                language: generic
                services:
                  - postgresql
                  - redis-server
                env: [A=1, A=2]
                before_script:
                  - psql -c 'create database shop;' -U postgres
                script:
                  - psql -U postgres -h localhost -p 5432 -d shop -Atc 'select 40 + 2'
                  - redis-cli -h localhost -p 6379 set who $A && redis-cli get who
                """,
        }
    )
    run = project.run("--jobs", "2", code=0)
    for number in "12":
        outputs = list(run.steps(f"test-a-{number}").values())
        assert outputs[1:] == ["42\n", f"OK\n{number}\n"]
    translated(project, run, code=0)


def test_a_deployment_is_planned_and_not_carried_out(make_project, python):
    project = make_project(
        {
            ".travis.yml": f"""\
                language: python
                python: {python}
                install: true
                script: "true"
                before_deploy: touch /tmp/begun
                deploy:
                  provider: pypi
                  user: somebody
                  on:
                    tags: true
                    repo: somebody/shop
                """,
        }
    )
    plan = project.fairlead("plan")
    assert plan.code == 0
    assert "deployments (planned, not run here)\n  pypi" in plan.out
    assert "on a tag" in plan.out
    run = project.run(code=0)
    (job,) = run.jobs
    assert list(run.steps(job)) == ["true"]


def test_what_cannot_be_run_here_is_said(make_project, python):
    project = make_project(
        {
            ".travis.yml": f"""\
                language: python
                python: ["{python}", "3.4"]
                dist: xenial
                install: true
                script: python --version
                jobs:
                  include:
                    - os: osx
                      script: sw_vers
                    - if: branch = production
                      name: Live
                      script: ./live
                """,
        }
    )
    run = project.run(code=2)
    assert run.ends == {f"test-{python}": "passed", "test-3.4": "errored"}
    assert "Python 3.4 not found" in run.sentence
    assert "looked in" in run.said
    plan = project.fairlead("plan").said
    assert "osx" in plan
    assert "branch = production" in plan


def test_a_commit_that_asks_to_be_passed_over(make_project):
    project = make_project({".travis.yml": "language: generic\nscript: exit 1\n"})
    project.commit("Correct the docs [skip ci]")
    plan = project.fairlead("plan", "--event", "push")
    assert (plan.code, plan.out.splitlines()[0]) == (0, "0 jobs from .travis.yml, 1 job skipped")
    assert "[skip ci]" in plan.out
    assert project.run(code=1).ends == {"test": "failed"}, "who asks for a run gets one"
