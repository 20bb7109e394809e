"""Builds of strangers' changes: what they leave is never believed by others."""

import subprocess

import pytest

ENDS = ("passed", "failed", "errored", "cancelled")

# The step's result depends on a file that is not among its inputs: what a stranger would change.
PIPELINE = """\
python: none
jobs:
  only:
    run:
      - name: make
        run: mkdir -p out && sh helper.sh > out/made
        cache: {inputs: [src/**], outputs: [out/made]}
      - name: use
        run: cat out/made
"""


@pytest.fixture
def repository(make_project):
    """A project, and a function that commits files to a branch of it."""
    project = make_project(pipeline=PIPELINE)

    def commit(branch, **files):
        git = ("git", "-C", project.url, "-c", "user.name=T", "-c", "user.email=t@example.org")
        subprocess.run([*git, "checkout", "-q", "-B", branch, "main"], check=True)
        for name, text in files.items():
            with open(f"{project.url}/{name}.sh", "w") as file:
                file.write(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", branch], check=True)
        words = [*git, "rev-parse", "HEAD"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    return project, commit


@pytest.fixture
def built(worker, repository, reaches, log_of):
    """Builds a commit to its verdict; the build and its log."""
    from fairlead.model import Trigger
    from fairlead.server.services.builds import create

    def build(commit, *, trusted):
        more = {"event": "push", "branch": "main"}
        if not trusted:
            more = {"event": "pull_request", "pull_request": "7", "branch": "main"}
        trigger = Trigger(commit=commit, trusted=trusted, **more)
        done = reaches(create(repository[0], trigger), *ENDS)
        assert done.state == "passed", done.reason
        return done, log_of(done)

    return build


def test_a_strangers_build_cannot_poison_a_later_one(repository, built):
    _, commit = repository
    evil = commit("evil", helper="echo poison")
    good = commit("good", helper="echo good")
    assert b"poison" in built(evil, trusted=False)[1]
    _, log = built(good, trusted=True)
    assert b"good" in log
    assert b"reused" not in log
    assert b"poison" not in log


def test_a_strangers_build_may_use_what_trusted_ones_left(repository, built):
    _, commit = repository
    built(commit("good", helper="echo good"), trusted=True)
    _, log = built(commit("other", helper="echo other"), trusted=False)
    assert b"reused" in log
    assert b"good" in log


SECRETIVE = """\
python: none
jobs:
  only:
    secrets: [API_KEY]
    run: printf '<%s>' "${API_KEY:-none}"; printf "${API_KEY:-}" | wc -c
"""


def test_secrets_are_for_trusted_builds_and_masked(worker, make_project, push, reaches, log_of):
    from fairlead.model import Trigger
    from fairlead.server.services import secrets
    from fairlead.server.services.builds import create

    project = make_project(pipeline=SECRETIVE)
    secrets.put(project, "API_KEY", "correct horse battery")
    ours = reaches(push(project), *ENDS)
    assert ours.state == "passed", ours.reason
    assert b"<[secret]>21" in log_of(ours)
    trigger = Trigger(
        event="pull_request", pull_request="7", branch="main", commit=ours.commit, trusted=False
    )
    theirs = reaches(create(project, trigger), *ENDS)
    assert b"<none>0" in log_of(theirs), theirs.reason
    assert b"correct" not in log_of(ours) + log_of(theirs)


def test_a_secret_that_cannot_be_opened_is_said(worker, make_project, push, reaches):
    from fairlead.server.services import secrets
    from fairlead.server.store.models import Secret

    project = make_project(pipeline=SECRETIVE)
    secrets.put(project, "API_KEY", "correct horse battery")
    Secret.objects.update(sealed=b"\x01" + bytes(40))
    done = reaches(push(project), *ENDS)
    assert done.state == "errored"
    assert "the secret API_KEY of project 1 cannot be opened" in done.reason


def test_parameters_are_variables_and_never_commands(worker, make_project, push, reaches, log_of):
    project = make_project('printf "<%s>" "$GREETING"')
    build = push(project, parameters={"GREETING": "$(id) `id` ; id"})
    assert reaches(build, *ENDS).state == "passed"
    assert b"<$(id) `id` ; id>" in log_of(build)


def test_parameters_stay_as_they_are_in_a_session_of_travis(
    worker, make_project, push, reaches, log_of
):
    travis = "language: minimal\nscript: printf '<%s>' \"$GREETING\"\n"
    project = make_project(pipeline="")
    folder = project.url
    git = ("git", "-C", folder, "-c", "user.name=T", "-c", "user.email=t@example.org")
    with open(f"{folder}/.travis.yml", "w") as file:
        file.write(travis)
    subprocess.run([*git, "rm", "-q", "-f", "fairlead.yml"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Travis"], check=True)
    build = push(project, parameters={"GREETING": "$(id) it's ; id"})
    done = reaches(build, *ENDS)
    assert done.state == "passed", done.reason
    assert b"<$(id) it's ; id>" in log_of(build)


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "FAIRLEAD_EVENTS", "BASH_ENV", "a b"])
def test_variables_that_are_not_a_jobs_to_set(name, worker, make_project, push, reaches):
    build = push(make_project(), parameters={name: "x"})
    done = reaches(build, *ENDS)
    assert done.state == "errored"
    assert "a name that is not the job's to set" in done.reason or "not a name" in done.reason


def test_a_pipeline_that_does_not_parse_errors_with_where_and_why(
    worker, make_project, push, reaches
):
    project = make_project(pipeline="jobs:\n  only:\n    runs: true\n")
    done = reaches(push(project), *ENDS)
    assert done.state == "errored"
    assert "fairlead.yml:3:5" in done.reason
    assert done.reason == done.sentence
    assert not done.jobs.exists()


def test_a_pipeline_that_is_no_yaml(worker, make_project, push, reaches):
    done = reaches(push(make_project(pipeline="jobs: [\n  <b>: }\n")), *ENDS)
    assert done.state == "errored"
    assert "fairlead.yml:2:" in done.reason


def test_a_commit_without_a_pipeline(worker, make_project, push, reaches):
    project = make_project(pipeline="")
    git = ("git", "-C", project.url, "-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run([*git, "rm", "-q", "fairlead.yml"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "None"], check=True)
    done = reaches(push(project), *ENDS)
    assert done.state == "errored"
    assert "fairlead.yml" in done.reason
