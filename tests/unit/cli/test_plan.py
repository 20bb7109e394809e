"""`fairlead plan`."""

import json
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner

from fairlead.cli import context
from fairlead.cli.plan import command, lines
from fairlead.cli.view.look import Look
from fairlead.model import Deploy, Location, Plan, Problem, Trigger
from fairlead.pipeline.native.plan import plan as native
from fairlead.pipeline.tree import MemoryTree

TEXT = b"""
python: ["3.11", "3.12"]
stages: [check, test, ship]
jobs:
  lint: {stage: check, python: "3.12", run: [ruff check ., mypy src]}
  unit: {run: pytest, stage: test, services: [redis], allow_failure: [{python: "3.11"}]}
  files: {run: test -f x, python: none, stage: test, needs: lint}
  ship: {run: ./ship, python: "3.12", stage: ship, when: {branch: main}}
  docs: {run: make html, python: "3.12", stage: test, when: {changed: docs/**}}
"""
LOOK = Look(width=80)


def planned(**trigger):
    return native(TEXT, "fairlead.yml", MemoryTree({}), Trigger(**trigger))


@pytest.fixture
def run(monkeypatch):
    """Run the command on the text above; gives exit code and output."""
    asked = []

    def source(commit):
        asked.append(commit)
        trigger = Trigger(branch="dev")
        return SimpleNamespace(
            trigger=lambda since: msgspec.structs.replace(
                trigger, changed=(since,) if since else None
            )
        )

    def run(*args):
        monkeypatch.setattr(context, "source", source)
        monkeypatch.setattr(
            context,
            "make_plan",
            lambda _, trigger: native(TEXT, "fairlead.yml", MemoryTree({}), trigger),
        )
        done = CliRunner().invoke(command, args, standalone_mode=False)
        assert done.exception is None
        return done.return_value, done.stdout, asked

    return run


def test_jobs_by_stage_and_why_others_do_not_run():
    assert list(lines(planned(branch="dev", changed=("src/a",)), LOOK)) == [
        "4 jobs from fairlead.yml, 2 jobs skipped",
        "",
        "check",
        "  lint       Python 3.12    ruff check . · mypy src",
        "",
        "test",
        "  unit-3.11  Python 3.11    pytest",
        "             beside redis",
        "             may fail",
        "  unit-3.12  Python 3.12    pytest",
        "             beside redis",
        "  files      no Python      test -f x",
        "             needs lint",
        "",
        "skipped",
        "  docs  when: no changed path is docs/**",
        "  ship  when: branch is dev, not main",
    ]


def test_warnings_and_deployments_are_said():
    plan = msgspec.structs.replace(
        planned(branch="main"),
        warnings=(Problem(location=Location(file="f", line=2), message="odd", warning=True),),
        deploys=(Deploy(provider="heroku", condition="branch = main"), Deploy(provider="pypi")),
    )
    found = list(lines(plan, LOOK))
    assert found[0] == "f:2:1: warning: odd"
    assert found[-3:] == [
        "deployments (planned, not run here)",
        "  heroku  branch = main",
        "  pypi",
    ]


def test_a_detected_plan_and_an_empty_one():
    empty = Plan(source="", origin="detected")
    assert list(lines(empty, LOOK)) == ["0 jobs from the project's files"]


def test_a_detected_plan_says_why():
    plan = Plan(source="", origin="detected", reasons=("Python 3.12: the newest", "long " * 30))
    found = list(lines(plan, LOOK))
    assert found[1:4] == ["", "why", "  Python 3.12: the newest"]
    assert found[5].startswith("    long")
    assert max(map(len, found)) <= 80


def test_no_line_is_wider_than_the_terminal_needs():
    plan = native(
        b"jobs: {a: [%s], b: {run: x, needs: a}}" % b", ".join([b"command"] * 50),
        "f", MemoryTree({}), Trigger(),
    )  # fmt: skip
    assert all(len(line) <= 60 for line in lines(plan, Look(width=60)))


def test_plain_characters_where_there_are_no_others():
    assert all(line.isascii() for line in lines(planned(), Look(width=60, unicode=False)))


@pytest.mark.parametrize(
    ("args", "ships"),
    [((), False), (("--branch", "main"), True), (("--event", "push"), False)],
)
def test_as_if(run, args, ships):
    code, out, _ = run(*args)
    assert code == 0
    assert ("ship  when: branch is dev, not main" in out) is not ships


def test_since_and_commit_are_passed_on(run):
    _, out, asked = run("--commit", "abc", "--since", "main")
    assert asked == ["abc"]
    assert "docs  when: no changed path is docs/**" in out


def test_json_is_the_whole_plan(run):
    code, out, _ = run("--json", "--branch", "main")
    found = msgspec.json.decode(out, type=Plan, strict=False)
    assert code == 0
    assert [job["id"] for job in json.loads(out)["jobs"]] == [
        "lint",
        "unit-3.11",
        "unit-3.12",
        "files",
        "docs",
        "ship",
    ]
    assert found == planned(branch="main")


def test_a_tag_is_an_event_of_its_own(monkeypatch, run):
    seen = []
    run()
    monkeypatch.setattr(context, "make_plan", lambda _, trigger: seen.append(trigger) or planned())
    CliRunner().invoke(command, ["--tag", "v1"], standalone_mode=False)
    CliRunner().invoke(command, ["--tag", "v1", "--event", "api"], standalone_mode=False)
    assert [(trigger.tag, trigger.event) for trigger in seen] == [("v1", "tag"), ("v1", "api")]
