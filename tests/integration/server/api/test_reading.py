"""What is answered, to whom, in how many queries."""

import json

import pytest


@pytest.fixture
def queries(told):
    """How many queries an answer takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(call):
        with CaptureQueriesContext(connection) as captured:
            response = call()
        assert response.status_code == 200, response.content
        return len(captured)

    return count


def test_who_asks(ask, secret, project):
    assert ask.get("/me").json()["scopes"] == ["admin"]
    limited = ask.of(secret("read", project=project)).get("/me").json()
    assert (limited["name"], limited["project"]) == ("robot", "sample")


def test_a_build_with_all_below_it(ask, make_build):
    build = make_build(jobs=2, tests=1)
    said = ask.get("/projects/sample/builds/1").json()
    assert (said["id"], said["state"], said["sentence"]) == (build.pk, "failed", "it failed")
    assert said["url"] == "http://localhost/p/sample/1/"
    job = said["jobs"][1]
    assert (job["place"], job["key"], job["axes"]) == (2, "job1", [["python", "3.12"]])
    assert job["attempts"][0]["phases"] == [{"phase": "checkout", "seconds": 0.1, "note": ""}]
    assert [step["number"] for step in job["attempts"][0]["steps"]] == [0, 1]
    assert ask.get("/projects/sample/builds/1/jobs/2").json() == job


def test_lists_come_a_page_at_a_time(ask, make_build):
    for _ in range(5):
        make_build()
    first = ask.get("/builds?limit=2&branch=main&state=queued&state=held").json()
    assert [build["number"] for build in first["items"]] == [5, 4]
    assert first["items"][0]["waiting"] == "no worker is running"
    assert "jobs" not in first["items"][0]
    second = ask.get(first["next"]).json()
    assert [build["number"] for build in second["items"]] == [3, 2]
    last = ask.get(second["next"]).json()
    assert ([build["number"] for build in last["items"]], last["next"]) == ([1], None)
    assert not ask.get("/builds?state=passed").json()["items"]


@pytest.mark.parametrize(
    "path",
    [
        "/builds",
        "/queue",
        "/projects",
        "/projects/sample/builds",
        "/projects/sample/builds/1",
        "/projects/sample/builds/1/jobs/1/tests",
        "/projects/sample/builds/1/artifacts",
        "/projects/sample/builds/1/order",
        "/projects/sample/deliveries",
        "/tokens",
        "/workers",
    ],
)
def test_the_number_of_queries_does_not_grow(ask, make_build, make_job, queries, secret, path):
    from django.utils import timezone

    from fairlead.server.store.models import Delivery, Project, Worker

    def more(many):
        for number in range(many):
            build = make_build()
            Delivery.objects.create(
                project=build.project,
                source="push",
                key=f"{many}{number}",
                build=build,
                fate="built",
            )
            Project.objects.create(name=f"p{many}-{number}")
            secret("read", project=build.project)
            now = timezone.now()
            worker = Worker.objects.create(name="w", labels=["x"], started=now, seen=now)
            build = make_build(jobs=1, tests=1)
            type(build).objects.filter(pk=build.pk).update(state="running", worker=worker)

    build = make_build(jobs=1, tests=1)
    more(1)
    ask.get("/me")  # notes when the token was used, which is done once a minute
    few = queries(lambda: ask.get(path))
    for place in range(1, 5):
        make_job(build, place, 3)
    more(4)
    assert queries(lambda: ask.get(path)) == few <= 6


def test_what_did_not_change_is_not_sent_again(ask, make_build):
    make_build(jobs=1)
    path = "/projects/sample/builds/1"
    first = ask.get(path)
    again = ask.get(path, **{"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    ask.post(path + "/pin", {"pinned": True})
    assert ask.get(path, **{"If-None-Match": first["ETag"]}).status_code == 200


def test_tests_of_a_job(ask, make_build):
    make_build(jobs=1, tests=5)
    path = "/projects/sample/builds/1/jobs/1/tests"
    assert [test["name"] for test in ask.get(f"{path}?limit=2").json()["items"]] == [
        "test_0",
        "test_1",
    ]
    failed = ask.get(f"{path}?outcome=failed&outcome=errored&details=true").json()["items"]
    assert [(test["name"], test["details"]) for test in failed] == [
        ("test_1", "long"),
        ("test_3", "long"),
    ]
    assert ask.get(path).json()["items"][0]["details"] is None


def test_the_order_of_a_build(ask, make_build):
    make_build(jobs=1)
    order = ask.get("/projects/sample/builds/1/order").json()
    assert order["trigger"]["branch"] == "main"
    assert order["plan"] == {"jobs": []}
    assert order["repository"] == "http://localhost/git/sample.git"
    assert order["jobs"][0]["resolution"] == "flask==3.0\n"


def test_streams_have_addresses(ask, make_build):
    build = make_build(jobs=1)
    assert (
        ask.get("/projects/sample/builds/1/stream")
        .json()["url"]
        .startswith(f"/stream/build/{build.pk}?token=")
    )
    assert "/stream/log/" in ask.get("/projects/sample/builds/1/jobs/1/stream").json()["url"]


def test_the_document_is_for_anybody_and_names_every_route(ask):
    said = ask.of(None).get("/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    ids = [one["operationId"] for path in said["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids)) > 25
    assert "/api/v1/projects/{name}/builds/{number}/jobs/{place}/log" in said["paths"]
    assert json.dumps(said).count("$ref") > 100


def test_heads_have_no_body(ask, make_build):
    make_build(jobs=1)
    head = ask.head("/projects/sample/builds/1")
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"]
