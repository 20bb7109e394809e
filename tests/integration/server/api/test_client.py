"""The command line's client understands what the server answers; a build from a real repository."""

import subprocess

import msgspec
import pytest


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/me", "Me"),
        ("/projects/sample/builds/1", "Build"),
        ("/projects/sample/builds/2", "Build"),
        ("/projects/sample/builds/1/jobs/1", "Job"),
        ("/projects/sample/builds/1/order", "BuildOrder"),
        ("/projects/sample/builds/2/order", "BuildOrder"),
        ("/projects/sample/builds/1/stream", "StreamAddress"),
    ],
)
def test_answers_are_understood(ask, make_build, path, kind):
    from fairlead.client import values

    plan = b'{"source": "fairlead.yml", "origin": "native", "jobs": [{"id": "a", "name": "a"}]}'
    make_build(jobs=2, tests=1, plan=plan)
    make_build()
    response = ask.get(path)
    assert response.status_code == 200
    assert msgspec.json.decode(response.content, type=getattr(values, kind))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/builds", "Build"),
        ("/projects/sample/builds/1/artifacts", "Artifact"),
        ("/projects/sample/builds/1/jobs/1/tests?outcome=failed&outcome=errored", "TestCase"),
    ],
)
def test_lists_are_understood(ask, make_build, path, kind):
    from fairlead.client import values

    make_build(jobs=1, tests=2)
    items = ask.get(path).json()["items"]
    assert len(msgspec.convert(items, list[getattr(values, kind)])) == 1


def git(folder, *words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    argv = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def test_a_build_of_what_is_in_the_repository(ask, told, tmp_path):
    from django.conf import settings

    from fairlead.server.hosting import repositories

    assert ask.post("/projects", {"name": "shop"}).status_code == 201
    git(tmp_path, "init", "-q", "-b", "main", "work")
    (tmp_path / "work/a.txt").write_text("a")
    git(tmp_path / "work", "add", ".")
    git(tmp_path / "work", "commit", "-q", "-m", "Begin")
    commit = git(tmp_path / "work", "rev-parse", "HEAD")
    there = repositories.folder(settings.FAIRLEAD, "shop")
    git(there, "fetch", "-q", str(tmp_path / "work"), "main:refs/heads/main")
    assert ask.patch("/projects/shop", {"default_branch": "trunk"}).status_code == 200
    assert git(there, "symbolic-ref", "HEAD") == "refs/heads/trunk"
    ask.patch("/projects/shop", {"default_branch": "main"})
    wish = {"branch": "main", "parameters": {"STAGE": "test"}, "labels": ["x"], "priority": 3}
    made = ask.post("/projects/shop/builds", wish)
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["commit"], said["branch"], said["event"]) == (commit, "main", "api")
    assert said["author"] == "robot"
    assert (said["parameters"], said["priority"]) == ({"STAGE": "test"}, 3)
    assert ask.post("/projects/shop/builds", {"commit": commit[:10]}).json()["commit"] == commit
    assert ask.post("/projects/shop/builds").json()["branch"] == "main"
    for wrong in (
        {"branch": "gone"},
        {"branch": "../x"},
        {"branch": "a", "tag": "b"},
        {"commit": "f" * 40},
        {"parameters": {"PATH": "x"}},
        {"labels": ["a+b"]},
    ):
        refused = ask.post("/projects/shop/builds", wrong)
        assert refused.status_code == 422, wrong
        assert refused.json()["detail"]
