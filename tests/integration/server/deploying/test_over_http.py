"""The API of environments, releases and deployments: what it answers, and to whom."""

import json

import msgspec
import pytest

OTHER = "f" * 40


@pytest.fixture
def api(database, tmp_path):
    from django.conf import settings
    from django.test import Client, override_settings

    from fairlead.server.services import tokens

    told = msgspec.structs.replace(
        settings.FAIRLEAD, storage=str(tmp_path / "storage"), rate_limit=0
    )

    def send(verb, path, body=None, *, scopes=("read", "build", "deploy"), user=None):
        secret = tokens.issue("robot", scopes, user=user)[1]
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        more = {"headers": {"Authorization": f"Bearer {secret}"}}
        if verb != "get":
            data = b"" if body is None else json.dumps(body).encode()
            more |= {"data": data, "content_type": "application/json"}
        return getattr(client, verb)(f"/api/v1/projects/bank{path}", **more)

    with override_settings(FAIRLEAD=told):
        yield send


def person(name):
    from django.contrib.auth.models import User

    return User.objects.filter(username=name).first() or User.objects.create_user(name)


def test_environments_with_what_is_live(api, make):
    environment = make.environment(branches=("main",), domains=("bank.example.org",))
    make.lived(environment, make.release(), ago=2)
    (told,) = api("get", "/environments").json()["items"]
    assert (told["name"], told["release"], told["by"]) == ("production", 1, "ada")
    assert told["hosts"][0]["address"] == "one.example.org"
    one = api("get", "/environments/production").json()
    assert one["figures"]["live"] == 1
    missing = api("get", "/environments/prodution")
    assert (missing.status_code, missing.json()["hint"]) == (404, "did you mean production?")


def test_deploying_is_asked_for_shown_and_cancelled(api, make):
    make.environment()
    make.release()
    made = api("post", "/environments/production/deployments", {"release": 1})
    assert (made.status_code, made.json()["state"]) == (201, "queued")
    assert made.json()["by"] == "robot"
    shown = api("get", "/deployments/1").json()
    assert (shown["phases"], shown["environment"]) == ([], "production")
    assert len(api("get", "/deployments?state=queued").json()["items"]) == 1
    assert api("get", "/deployments?environment=beta").json()["items"] == []
    assert api("get", "/environments/production").json()["open"] == [1]
    assert api("get", "/deployments/1/stream").json()["url"].startswith("/stream/deployment/")
    assert api("post", "/deployments/1/cancel").json()["state"] == "cancelled"
    assert api("post", "/deployments/1/cancel").status_code == 409


def test_who_lacks_the_scope_is_refused(api, make):
    make.environment()
    make.release()
    path, body = "/environments/production/deployments", {"release": 1}
    refused = api("post", path, body, scopes=("read", "build", "push"))
    assert refused.status_code == 403
    forced = api("post", path, body | {"force": True})
    assert (forced.status_code, "admin" in forced.json()["detail"]) == (403, True)
    assert api("post", path, body | {"force": True}, scopes=("admin",)).status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"release": 1, "build": 1}, "one of release"),
        ({"release": 0}, "release"),
        ({"releases": 1}, "releases"),
        ({"release": 99}, "no release 99"),
        ({"hosts": ["two"], "release": 1}, "has no host 'two'"),
    ],
)
def test_what_cannot_be_meant_is_said(api, make, body, said):
    make.environment()
    make.release()
    answer = api("post", "/environments/production/deployments", body)
    assert 400 <= answer.status_code < 500
    assert said in answer.content.decode()


def test_a_pull_requests_environment_is_listed_until_it_is_gone(api, make):
    from fairlead.server.engine.following import follow
    from fairlead.server.services import reviews
    from fairlead.server.store.models import Environment

    make.environment("staging", review=True, domains=("pr-{number}.example.org",))
    follow(make.build(pull_request="7", job_id=1).pk, None, None)
    pattern, told = api("get", "/environments").json()["items"]
    assert (pattern["pull_request"], told["name"], told["pull_request"]) == ("", "staging-7", "7")
    assert (told["domains"], told["open"], told["closing"]) == (["pr-7.example.org"], [1], False)
    assert api("get", "/releases").json()["items"][0]["pull_request"] == "7"
    remove = "/environments/{}/remove"
    assert api("post", remove.format("staging-7"), scopes=("read", "build")).status_code == 403
    assert "no review" in api("post", remove.format("staging")).json()["detail"]
    assert api("post", remove.format("staging-7")).status_code == 204
    told = api("get", "/environments").json()["items"][1]
    assert (told["closing"], told["active"], told["open"]) == (True, False, [])
    refused = api("post", "/environments/staging-7/deployments")
    assert (refused.status_code, refused.json()["detail"]) == (409, "pull request 7 was closed")
    row = Environment.objects.get(name="staging-7")
    reviews.end_removal(row.pk, row.job_id)
    assert len(api("get", "/environments").json()["items"]) == 1


def test_a_second_person_agrees_over_http(api, make):
    make.environment(approval=True)
    make.release()
    ada, grace = person("ada"), person("grace")
    path = "/environments/production/deployments"
    assert api("post", path, {"release": 1}, user=ada).json()["state"] == "held"
    assert api("post", "/deployments/1/approve", user=ada).status_code == 422
    assert api("post", "/deployments/1/approve").status_code == 422
    agreed = api("post", "/deployments/1/approve", user=grace).json()
    assert (agreed["state"], agreed["approved_by"]) == ("queued", "grace")


def test_back_to_a_release(api, make):
    environment = make.environment()
    make.lived(environment, make.release(), ago=3)
    make.lived(environment, make.release(make.build(commit=OTHER)), ago=1)
    made = api("post", "/environments/production/rollback").json()
    assert (made["kind"], made["release"]) == ("rollback", 1)
    assert api("post", "/environments/production/rollback", {"to": 2}).json()["release"] == 2


def test_releases_are_made_listed_and_sent(api, make):
    from django.conf import settings

    from fairlead.server.storage import open_storage

    build = make.build()
    made = api("post", "/releases", {"build": build.number})
    assert (made.status_code, made.json()["state"], made.json()["by"]) == (201, "queued", "robot")
    assert api("get", "/releases/1/file").status_code == 404
    release = make.release(build, size=5, sha256="a" * 64)
    open_storage(settings.FAIRLEAD).write(release.key, [b"bytes"])
    sent = api("get", "/releases/1/file")
    assert b"".join(sent.streaming_content) == b"bytes"
    assert "bank-0123456789ab.release" in sent["Content-Disposition"]
    assert [one["number"] for one in api("get", "/releases").json()["items"]] == [1]
    make.build("running", commit=OTHER)
    assert api("post", "/releases", {"build": 2}).status_code == 409


def test_lines_come_in_pages(api, make):
    from fairlead.server.store.models import DeployLine

    deployment = make.lived(make.environment(), make.release())
    DeployLine.objects.bulk_create(
        DeployLine(deployment=deployment, number=n, time=make.now, text=f"line {n}")
        for n in range(1, 8)
    )
    page = api("get", "/deployments/1/lines?limit=5").json()
    assert [one["number"] for one in page["items"]] == [1, 2, 3, 4, 5]
    rest = api("get", page["next"].partition("/projects/bank")[2]).json()
    assert ([one["text"] for one in rest["items"]], rest["next"]) == (["line 6", "line 7"], None)
