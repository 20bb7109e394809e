"""A server's build on this machine: the order it gives, and what cannot be had here."""

import json
import subprocess
import sys

import pytest

from fairlead.model import Job, Origin, Plan, Step, Trigger, encode

OWN = ".".join(map(str, sys.version_info[:3]))


def git(folder, *args):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(("git", *who, *args), cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(person):
    folder = person.folder
    git(folder, "init", "-q", "-b", "main")
    (folder / "file").write_text("as committed\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def order(server, shapes, repository):
    """Has the server give an order for two jobs; returns it, to be changed."""
    jobs = (
        Job(id="show", name="show", steps=(Step(name="cat", command='cat file; echo "W=$WORD"'),)),
        Job(id="py", name="py", python="3", steps=(Step(name="x", command="true"),)),
    )
    plan = Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=jobs)
    trigger = Trigger(event="manual", branch="feature", commit=repository)
    given = {
        "trigger": json.loads(encode(trigger)), "commit": repository,
        "plan": json.loads(encode(plan)), "parameters": {"WORD": "hello"}, "only": [],
        "repository": f"{server.url}/git/shop.git",
        "jobs": [
            {"key": "show", "place": 1, "interpreter": "", "environment": "", "resolution": ""},
            {"key": "py", "place": 2, "interpreter": OWN, "environment": "abc", "resolution": ""},
        ],
    }  # fmt: skip
    jobs = [shapes.job(1, "show", "passed"), shapes.job(2, "py", "passed")]
    server.json(shapes.path, shapes.build("passed", jobs))
    server.json(f"{shapes.path}/order", given)
    return given


def test_the_commit_and_the_parameters_are_those_of_the_build(order, person):
    (person.folder / "file").write_text("changed since\n")
    done = person("reproduce", "3.show", "--plain", "--sandbox", "process")
    assert done.code == 0, done.err
    assert "build shop/3 at" in done.err
    log = person("show", "--job", "show", "--log").out
    assert "as committed\nW=hello\n" in log
    assert (person.folder / "file").read_text() == "changed since\n"


def test_an_interpreter_that_is_absent_is_named_before_anything_runs(order, person):
    order["jobs"][1]["interpreter"] = "3.8.999"
    done = person("reproduce", "3")
    assert (done.code, done.out) == (2, "")
    assert "py: the job ran on Python 3.8.999, which is not on this machine" in done.err
    assert not (person.folder / ".fairlead").exists()


def test_a_commit_that_nobody_has_is_told(order, person):
    order["commit"] = "d" * 40
    done = person("reproduce", "3.show")
    assert (done.code, "commit dddddddddd cannot be had from" in done.err) == (2, True)


def test_a_commit_is_fetched_where_the_clone_lacks_it(order, person, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(("git", "clone", "-q", person.folder, elsewhere), check=True)
    (elsewhere / "file").write_text("only there\n")
    git(elsewhere, "commit", "-qam", "two")
    order["commit"] = order["trigger"]["commit"] = git(elsewhere, "rev-parse", "HEAD")
    order["repository"] = str(elsewhere)
    before = git(person.folder, "count-objects", "-v")
    done = person("reproduce", "3.show", "--plain", "--sandbox", "process")
    assert done.code == 0, done.err
    assert "fetching" in done.err
    assert git(person.folder, "count-objects", "-v") == before
    (log,) = (tmp_path / "home" / "clones").glob("*.git/.fairlead/runs/1/jobs/show/1.log")
    assert "only there" in log.read_text()


def test_the_result_is_kept_with_the_clone_also_where_that_lacks_the_commit(
    order, person, server, tmp_path
):
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(("git", "clone", "-q", person.folder, elsewhere), check=True)
    git(elsewhere, "commit", "--allow-empty", "-qm", "two")
    order["commit"] = order["trigger"]["commit"] = git(elsewhere, "rev-parse", "HEAD")
    order["repository"] = str(elsewhere)
    git(person.folder, "remote", "add", "origin", f"{server.url}/git/shop.git")
    assert person("reproduce", "3.show", "--plain", "--sandbox", "process").code == 0
    assert "as committed" in person("show", "--log").out


def test_a_build_without_a_plan_cannot_be_reproduced(order, person):
    order["plan"] = None
    done = person("reproduce", "3")
    assert (done.code, "never had a plan" in done.err) == (2, True)
