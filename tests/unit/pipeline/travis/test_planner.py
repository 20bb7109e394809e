from pathlib import Path

import msgspec
import pytest

from fairlead.errors import PipelineError
from fairlead.model import Origin, Phase
from fairlead.pipeline.travis.env import cipher_key


def only(plan):
    assert len(plan.jobs) == 1, plan
    return plan.jobs[0]


def env(job):
    return dict(job.env)


def warnings(plan):
    return "\n".join(map(str, plan.warnings))


def test_golden_plan(travis):
    """One file with most of the language, against the plan it made when it was right."""
    folder = Path(__file__).parent / "golden"
    found = travis((folder / "travis.yml").read_text(), commit="1" * 40, message="Add it")
    shown = msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
    assert shown.decode() == (folder / "travis.json").read_text()


def test_services_are_where_commands_expect_them(travis):
    """At their usual ports, which only a job with a loopback of its own has to itself."""
    assert only(travis("services: [redis-server]\nscript: x")).network.hosts == ("*",)
    assert only(travis("script: x")).network.mode == "full"


def test_a_job_is_one_session_with_travis_limits(travis):
    plan = travis("language: python\nscript: pytest")
    job = only(plan)
    assert (plan.origin, plan.source) == (Origin.TRAVIS, ".travis.yml")
    assert job.session
    assert (job.silence, job.timeout) == (600, 3000)
    assert "pytest" in job.install.packages


def test_phases_in_order_with_their_meaning(travis):
    text = """
        language: python
        after_script: h
        after_failure: g
        after_success: f
        before_cache: e
        script: [d1, d2]
        before_script: c
        install: b
        before_install: a
        """
    steps = only(travis(text)).steps
    assert [(step.command, step.label, step.phase) for step in steps] == [
        ("a", "before_install", Phase.SETUP),
        ("b", "install", Phase.SETUP),
        ("c", "before_script", Phase.SETUP),
        ("d1", "script", Phase.SCRIPT),
        ("d2", "script", Phase.SCRIPT),
        ("e", "before_cache", Phase.AFTER),
        ("f", "after_success", Phase.AFTER_SUCCESS),
        ("g", "after_failure", Phase.AFTER_FAILURE),
        ("h", "after_script", Phase.AFTER),
    ]


@pytest.mark.parametrize("word", ["skip", "ignore", "[skip]"])
def test_a_phase_can_be_skipped(travis, word):
    job = only(travis(f"language: python\ninstall: {word}\nscript: {word}"))
    assert job.steps == ()


def test_the_default_install_tries_requirements_three_times_and_a_missing_script_fails(travis):
    install, script = only(travis("language: python")).steps
    assert "travis_retry pip install -r requirements.txt" in install.command
    assert "travis_retry pip install -r Requirements.txt" in install.command
    assert (install.phase, script.phase) == (Phase.SETUP, Phase.SCRIPT)
    assert script.command.endswith("false")


def test_multi_line_commands_stay_whole_and_have_short_names(travis):
    step = only(travis("language: python\ninstall: skip\nscript: |\n  one\n  two\n")).steps[0]
    assert (step.command, step.name) == ("one\ntwo", "one …")


@pytest.mark.parametrize(
    ("asked", "python"),
    [("3.10", "3.10"), ("3.7-dev", "3.7"), ("nightly", "nightly"), ("pypy3", "pypy3"),
     ("2.7_with_system_site_packages", "2.7"), ("3.6.1", "3.6.1")],
)  # fmt: skip
def test_versions_of_python(travis, asked, python):
    job = only(travis(f"language: python\npython: {asked}"))
    assert job.python == python
    assert env(job)["TRAVIS_PYTHON_VERSION"] == asked
    assert job.missing == "error"


@pytest.mark.parametrize("language", ["generic", "minimal", "shell", "sh", "bash"])
def test_generic_jobs_have_no_python_and_no_defaults(travis, language):
    job = only(travis(f"language: {language}\nscript: make"))
    assert job.python is None
    assert [step.command for step in job.steps] == ["make"]


def test_other_languages_are_refused_when_nothing_else_is_there(travis):
    with pytest.raises(PipelineError, match=r"yml:1:11: no job .* language ruby .*fairlead init"):
        travis("language: ruby\nscript: rake")


def test_jobs_in_other_languages_or_systems_are_left_out_with_the_reason(travis):
    text = """
        language: python
        jobs:
          include:
            - {python: 3.8, script: x}
            - {language: node_js, script: y}
            - {os: osx, language: generic}
            - {os: windows}
            - {arch: arm64}
            - {arch: amd64, python: 3.9}
        """
    plan = travis(text)
    assert [job.python for job in plan.jobs] == ["3.8", "3.9"]
    reasons = "\n".join(item.reason for item in plan.skipped)
    for part in ("node_js", "osx", "windows", "arm64"):
        assert part in reasons


def test_builtin_variables_of_a_push(travis):
    job = only(
        travis(
            "language: python\nname: Unit",
            repository="me/app",
            commit="c" * 40,
            base="b" * 40,
            message="It's 5 o'clock\n\n$(rm -rf /)",
        )
    )
    values = env(job)
    assert values["TRAVIS"] == values["CI"] == "true"
    assert values["TRAVIS_BRANCH"] == "master"
    assert values["TRAVIS_EVENT_TYPE"] == "push"
    assert values["TRAVIS_PULL_REQUEST"] == "false"
    assert values["TRAVIS_REPO_SLUG"] == "me/app"
    assert values["TRAVIS_COMMIT_RANGE"] == "b" * 40 + ".." + "c" * 40
    assert values["TRAVIS_COMMIT_MESSAGE"].startswith("'It'\"'\"'s")
    assert values["TRAVIS_BUILD_DIR"] == '"$PWD"'
    assert values["TRAVIS_JOB_NAME"] == "Unit"
    assert values["TRAVIS_OS_NAME"] == "linux"
    assert values["TRAVIS_BUILD_STAGE_NAME"] == ""


FORK = {
    "event": "pull_request",
    "pull_request": "7",
    "source_repository": "mallory/bank",
    "source_branch": "fix",
    "trusted": False,
}


@pytest.mark.parametrize(
    ("trigger", "name", "value"),
    [
        ({"event": "cron"}, "TRAVIS_EVENT_TYPE", "cron"),
        ({"event": "api"}, "TRAVIS_EVENT_TYPE", "api"),
        ({"event": "manual"}, "TRAVIS_EVENT_TYPE", "api"),
        ({"event": "local"}, "TRAVIS_EVENT_TYPE", "push"),
        ({"event": "pull_request", "pull_request": "7"}, "TRAVIS_PULL_REQUEST", "7"),
        ({"event": "pull_request", "pull_request": "7"}, "TRAVIS_BRANCH", "master"),
        ({"event": "pull_request", "commit": "ab"}, "TRAVIS_PULL_REQUEST_SHA", "ab"),
        (FORK, "TRAVIS_PULL_REQUEST_SLUG", "mallory/bank"),
        (FORK, "TRAVIS_PULL_REQUEST_BRANCH", "fix"),
        ({**FORK, "event": "push"}, "TRAVIS_PULL_REQUEST_SLUG", ""),
        ({**FORK, "source_branch": "a$(id)"}, "TRAVIS_PULL_REQUEST_BRANCH", "'a$(id)'"),
        ({"event": "tag", "tag": "v1"}, "TRAVIS_TAG", "v1"),
        ({"event": "tag", "tag": "v1"}, "TRAVIS_BRANCH", "v1"),
        ({"event": "tag", "tag": "v1"}, "TRAVIS_EVENT_TYPE", "push"),
    ],
)
def test_builtin_variables_of_other_events(travis, trigger, name, value):
    assert env(only(travis("language: python", **trigger)))[name] == value


def test_precedence_is_builtin_settings_global_job(travis):
    text = "language: python\nenv: {global: [A=global, B=global], jobs: [A=job]}"
    job = only(travis(text, settings_env=(("A", "settings"), ("TRAVIS", "mine"))))
    names = [name for name, _value in job.env]
    assert [value for name, value in job.env if name == "A"] == ["settings", "global", "job"]
    assert env(job)["TRAVIS"] == "mine"
    assert names.index("TRAVIS") < names.index("A") < names.index("B")


SECURE = "language: python\nenv: {global: [{secure: abc}, A=1]}"


def test_a_missing_secret_is_named_with_its_place_and_the_remedy(travis):
    plan = travis(SECURE)
    assert ".travis.yml:2:25: warning: the encrypted value" in warnings(plan)
    assert f"fairlead secrets set NAME --cipher sha256:{cipher_key('abc')}" in warnings(plan)
    assert env(only(plan))["TRAVIS_SECURE_ENV_VARS"] == "false"
    assert only(plan).secrets == ()


def test_a_stored_secret_is_named_and_its_value_is_nowhere_in_the_plan(travis):
    plan = travis(SECURE, secrets={cipher_key("abc"): "TOKEN=s3cret"})
    job = only(plan)
    assert job.secrets == ("TOKEN",)
    assert env(job)["TRAVIS_SECURE_ENV_VARS"] == "true"
    assert b"s3cret" not in msgspec.json.encode(plan)
    assert warnings(plan) == ""


def test_secrets_are_withheld_from_forks(travis):
    plan = travis(
        SECURE,
        secrets={cipher_key("abc"): "TOKEN=s3cret"},
        event="pull_request",
        trusted=False,
    )
    assert only(plan).secrets == ()
    assert env(only(plan))["TRAVIS_SECURE_ENV_VARS"] == "false"
    assert "withheld" in warnings(plan)


def test_two_encrypted_values_of_one_name_are_told_apart(travis):
    text = "language: python\nenv: {jobs: [{secure: a}, {secure: b}]}"
    secrets = {cipher_key("a"): "TOKEN=1", cipher_key("b"): "TOKEN=2"}
    jobs = travis(text, secrets=secrets).jobs
    assert [job.secrets for job in jobs] == [
        (f"TOKEN@{cipher_key('a')}",),
        (f"TOKEN@{cipher_key('b')}",),
    ]


def test_the_later_of_a_plain_and_an_encrypted_variable_counts(travis):
    secrets = {cipher_key("a"): "TOKEN=1"}
    before = only(
        travis("language: python\nenv: {global: [TOKEN=x, {secure: a}]}", secrets=secrets)
    )
    after = only(travis("language: python\nenv: {global: [{secure: a}, TOKEN=x]}", secrets=secrets))
    assert ("TOKEN" in env(before), before.secrets) == (False, ("TOKEN",))
    assert (env(after).get("TOKEN"), after.secrets) == ("x", ())


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        ("postgresql", ["postgres"]),
        ("[postgres, postgresql]", ["postgres"]),
        ("[redis-server, postgres]", ["redis", "postgres"]),
        ("redis", ["redis"]),
    ],
)
def test_services_and_their_aliases(travis, names, kinds):
    plan = travis(f"language: python\nservices: {names}")
    assert [service.kind for service in only(plan).services] == kinds
    assert plan.warnings == ()


def test_the_postgresql_addon_is_a_service(travis):
    plan = travis("language: python\naddons: {postgresql: '12'}")
    assert [service.kind for service in only(plan).services] == ["postgres"]
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("services: mysql", "the service mysql is not started here"),
        ("services: [docker]", "the service docker is not started here"),
        ("dist: xenial", "dist is not run here"),
        ("sudo: required", "sudo is not run here"),
        ("addons: {apt: {packages: [libxml2]}}", "addons.apt is not run here"),
        ("before_install: sudo apt-get update", "sudo needs root"),
        ("before_install: [true && apt-get update]", "apt-get needs root"),
        ("virtualenv: {system_site_packages: true}", "never see the system's packages"),
        ("scripts: x", "the key scripts is not known (did you mean script?)"),
        ("jobs: {includes: []}", "the key jobs.includes is not known (did you mean include?)"),
        ("python: 3.9-dev", "Python 3.9-dev is taken to be the 3.9"),
        ("import: other.yml", "import is not run here"),
    ],
)
def test_what_is_not_done_is_said(travis, text, part):
    assert part in warnings(travis(f"language: python\n{text}"))


@pytest.mark.parametrize(
    "text", ["sudo: false", "cache: pip", "notifications: {email: false}", "_x: {}"]
)
def test_what_does_no_harm_is_not_mentioned(travis, text):
    assert travis(f"language: python\n{text}").warnings == ()


@pytest.mark.parametrize(
    ("deploy", "provider", "condition"),
    [
        ("{provider: pypi}", "pypi", "not a pull request, on branch master"),
        ("heroku", "heroku", "not a pull request, on branch master"),
        ("{provider: x, on: {branch: dev}}", "x", "not a pull request, on branch dev"),
        ("{provider: x, on: {branch: [a, b]}}", "x", "not a pull request, on branch a or b"),
        ("{provider: x, on: {tags: true, branch: dev}}", "x", "not a pull request, on a tag"),
        ("{provider: x, on: {all_branches: true}}", "x", "not a pull request, on any branch"),
        (
            "{provider: x, on: {python: 3.8, condition: $A = 1, repo: a/b}}",
            "x",
            "not a pull request, on branch master, python is 3.8, [[ $A = 1 ]], repo is a/b",
        ),
    ],
)
def test_deployments_are_planned_and_described(travis, deploy, provider, condition):
    plan = travis(f"language: python\ndeploy: {deploy}")
    assert [(d.provider, d.condition) for d in plan.deploys] == [(provider, condition)]


def test_several_deployments(travis):
    plan = travis("language: python\ndeploy: [{provider: a}, {provider: b}]")
    assert [deploy.provider for deploy in plan.deploys] == ["a", "b"]


@pytest.mark.parametrize("data", ["[1, 2]", "just text"])
def test_a_file_that_is_no_mapping(travis, data):
    with pytest.raises(PipelineError, match="must be a mapping"):
        travis(data)


def test_an_empty_file_is_a_python_job_without_a_script(travis):
    assert only(travis("")).steps[-1].command.endswith("false")
