"""A build from its row to its verdict, through the queue, a worker and the real runner."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

from fairlead.model import Outcome

ENDS = ("passed", "failed", "errored", "cancelled")


def test_a_build_is_run_and_all_of_it_is_recorded(
    worker, make_project, push, reaches, log_of, wait_until
):
    project = make_project("echo first\nprintf 'sec\\000ond\\n'")
    build = reaches(push(project), *ENDS)
    assert (build.state, build.number, build.takeovers) == ("passed", 1, 0), build.reason
    log = log_of(build)
    assert log.endswith(b"first\nsec\0ond\n")
    job = build.jobs.get()
    assert (job.key, job.state) == ("only", "passed")
    attempt = job.attempts.get()
    assert (attempt.number, attempt.state, attempt.log_size) == (1, "passed", len(log))
    assert "steps" in [phase[0] for phase in attempt.phases]
    step = attempt.steps.get()
    assert (step.state, step.code, step.offset, step.length) == ("passed", 0, 0, len(log))
    assert build.read_plan().jobs[0].id == "only"
    assert build.read_result().outcome is Outcome.PASSED
    assert build.sentence
    assert job.read_result().attempts[0].steps[0].code == 0


def test_tests_are_recorded_with_how_they_ended(worker, make_project, push, reaches):
    xml = (
        "<testsuite name='s'><testcase classname='a' name='good'/>"
        "<testcase classname='a' name='bad'><failure message='no &#x1F6AB;'>why</failure>"
        "</testcase></testsuite>"
    )
    pipeline = (
        "python: none\njobs:\n  only:\n    run:\n      - |\n"
        f"        cat > out.xml <<'X'\n        {xml}\n        X\n        exit 1\n"
        "    reports:\n      junit: out.xml\n"
    )
    project = make_project(pipeline=pipeline)
    build = reaches(push(project), *ENDS)
    assert (build.state, build.passed_tests, build.bad_tests) == ("failed", 1, 1), build.reason
    bad = build.tests.get(outcome="failed")
    assert (bad.name, bad.message) == ("bad", "no \N{NO ENTRY SIGN}")
    assert bad.project_id == project.pk


MEASURED = """\
python: none
jobs:
  only:
    run:
      - {run: "printf 'app.py:%s:1: F401 unused\\n' 1; exit 1", tool: flake8}
      - |
        cat > coverage.json <<'X'
        {"meta": {"format": 3, "version": "7.0"}, "files": {"app.py": {
          "executed_lines": [1, 2, 3], "missing_lines": [4], "excluded_lines": [],
          "summary": {"covered_lines": 3, "num_statements": 4}}}}
        X
    violations: {maximum: 5}
    reports: {coverage: coverage.json}
"""


def test_coverage_and_violations_are_recorded(worker, make_project, push, reaches):
    build = reaches(push(make_project(pipeline=MEASURED)), *ENDS)
    assert build.state == "passed", build.reason
    job = build.jobs.get()
    assert (build.coverage, job.coverage) == (75.0, 75.0)
    found = job.read_result().report.violations
    assert [(one.path, one.rule) for tool in found for one in tool.items] == [("app.py", "F401")]


def test_a_broken_pipeline_file_is_a_verdict_with_its_place(worker, make_project, push, reaches):
    project = make_project(pipeline="jobs: [nonsense\n")
    build = reaches(push(project), *ENDS)
    assert build.state == "errored"
    assert "fairlead.yml:" in build.reason


def test_a_commit_that_is_not_there_is_a_verdict(worker, make_project, reaches):
    from fairlead.model import Trigger
    from fairlead.server.services.builds import create

    build = create(make_project(), Trigger(event="api", commit="0" * 40))
    build = reaches(build, *ENDS)
    assert build.state == "errored"
    assert "0000" in build.reason


def test_parameters_reach_the_steps(worker, make_project, push, reaches, log_of):
    project = make_project('echo "[$COLOUR]"')
    build = reaches(push(project, parameters={"COLOUR": "red"}), *ENDS)
    assert log_of(build).endswith(b"[red]\n")


def test_a_job_that_somebody_mistyped_is_a_verdict(worker, make_project, push, reaches):
    pipeline = "python: none\njobs:\n  unit: {run: 'true'}\n  style: {run: 'true'}\n"
    project = make_project(pipeline=pipeline)
    build = reaches(push(project, only=("unit", "stile")), "errored", "passed")
    assert build.state == "errored"
    assert "there is no job 'stile' in the plan" in build.reason
    assert reaches(push(project, only=("unit",)), "errored", "passed").jobs.count() == 1


def test_a_whole_log_leaves_the_database(worker, make_project, push, reaches, log_of, wait_until):
    from fairlead.server.store.models import Attempt, LogChunk

    project = make_project("seq 100000")
    build = reaches(push(project), *ENDS)
    wait_until(lambda: not LogChunk.objects.exists())
    attempt = Attempt.objects.get()
    assert attempt.log.startswith(f"logs/0/{attempt.pk}-")
    log = log_of(build)
    assert log.endswith(b"".join(b"%d\n" % n for n in range(1, 100001)))
    assert attempt.log_size == len(log)


def test_artifacts_are_kept_for_as_long_as_the_job_says(worker, make_project, push, reaches):
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.store.models import Artifact

    pipeline = (
        "python: none\njobs:\n  only:\n    run: mkdir out && echo report > out/a.txt\n"
        "    artifacts:\n      paths: out/*\n      days: 3\n"
    )
    build = reaches(push(make_project(pipeline=pipeline)), *ENDS)
    assert build.state == "passed", build.reason
    kept = Artifact.objects.get(job__build=build)
    days = round((kept.expires - build.finished) / timedelta(days=1))
    assert (kept.path, kept.size, days) == ("out/a.txt", 7, 3)
    storage = FolderStorage(Path(os.environ["FAIRLEAD_DATA"]) / "storage")
    assert storage.read(kept.key, 0, 100) == b"report\n"


REPORTED = """
python: none
jobs:
  only:
    reports: {junit: report.xml}
    run: cat result >> report.xml; ! grep -q failure result
"""
_GOOD = '<testsuite><testcase classname="c" name="{}"/></testsuite>'
_BAD = '<testsuite><testcase classname="c" name="{}"><failure message="no"/></testcase></testsuite>'


def test_a_verdict_says_what_is_new_whichever_worker_ran_the_build_before(
    agents, make_project, push, reaches, tmp_path
):
    project = make_project(pipeline=REPORTED)
    say = commit_to(project, "result")
    say(_GOOD.format("t"))
    first = agents("first", FAIRLEAD_HOME=str(tmp_path / "one"))
    assert reaches(push(project), *ENDS).state == "passed"
    first.end()
    agents("second", FAIRLEAD_HOME=str(tmp_path / "two"))
    say(_BAD.format("t"))
    assert reaches(push(project, branch="other"), *ENDS).sentence.startswith("1 test failure")
    assert "1 new test failure" in reaches(push(project), *ENDS).sentence
    assert not (Path(project.url) / ".fairlead").exists()


def test_a_worker_gives_every_connection_back(worker, make_project, push, reaches):
    project = make_project(cancel_superseded=False)
    builds = [push(project) for _ in range(16)]  # more than its pool has
    assert [reaches(build, *ENDS, seconds=60).state for build in builds] == ["passed"] * 16


def commit_to(project, name):
    def commit(text):
        (Path(project.url) / name).write_text(text)
        git = ("git", "-C", project.url, "-c", "user.name=T", "-c", "user.email=t@example.org")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "More"], check=True)

    return commit
