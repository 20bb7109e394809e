"""What is changed through the API, by whom, and what is refused."""

import pytest


@pytest.fixture
def hosted(told, monkeypatch, tmp_path):
    """Repositories below a folder of the test's own, where git is at hand."""
    return tmp_path / "data"


def test_a_project_from_its_making_to_its_end(ask, hosted):
    made = ask.post("/projects", {"name": "app", "concurrency": 2, "webhook_secret": "s" * 20})
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["kind"], said["concurrency"], said["has_webhook_secret"]) == ("hosted", 2, True)
    assert "s" * 20 not in made.content.decode()
    assert said["repository"] == "http://localhost/git/app.git"
    changed = ask.patch("/projects/app", {"labels": ["py36"], "cron": "@daily"}).json()
    assert (changed["labels"], changed["concurrency"]) == (["py36"], 2)
    assert ask.post("/projects", {"name": "app"}).status_code == 409
    assert ask.delete("/projects/app").status_code == 204
    assert ask.get("/projects/app").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "A"},
        {"name": "a", "kind": "other"},
        {"name": "a", "kind": "mirrored"},
        {"name": "a", "kind": "mirrored", "url": "ext::sh"},
        {"name": "a", "kind": "mirrored", "url": "FILE:///etc"},
        {"name": "a", "cron": "no"},
        {"name": "a", "labels": ["a+b"]},
        {"name": "a", "labels": ["a\0"]},
        {"name": "a", "concurrency": 70000},
        {"name": "a", "triggers": {"branches": 7}},
        {"name": "a", "webhook_secret": "a\0"},
        {"name": "a", "misspelt": 1},
    ],
)
def test_what_is_no_project(ask, body):
    from fairlead.server.store.models import Project

    response = ask.post("/projects", body)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]
    assert not Project.objects.exists()


def test_passwords_in_addresses_are_not_shown(ask):
    made = ask.post(
        "/projects",
        {"name": "m", "kind": "mirrored", "url": "https://me:hunter2@example.org/x.git"},
    )
    assert made.status_code == 201
    assert made.json()["url"] == made.json()["repository"] == "https://example.org/x.git"
    ssh = ask.patch("/projects/m", {"url": "ssh://git:pw@example.org/x"}).json()
    assert ssh["url"] == "ssh://git@example.org/x"


def test_cancel_retry_approve_and_pin(ask, make_build):
    make_build()
    path = "/projects/sample/builds/1"
    assert ask.post(f"{path}/cancel", {"reason": "enough"}).json()["sentence"] == "enough"
    assert ask.post(f"{path}/cancel").status_code == 409
    assert ask.post(f"{path}/pin").json()["pinned"]
    assert not ask.post(f"{path}/pin", {"pinned": False}).json()["pinned"]
    assert ask.post(f"{path}/approve").status_code == 409
    again = ask.post(f"{path}/retry")
    assert (again.status_code, again.json()["number"]) == (201, 2)
    make_build(state="held", job_id=None)
    assert ask.post("/projects/sample/builds/3/approve").json()["state"] == "queued"
    make_build(jobs=2)
    some = ask.post("/projects/sample/builds/4/retry", {"jobs": ["job1"]}).json()
    assert some["only"] == ["job1"]
    failed = ask.post("/projects/sample/builds/4/retry", {"failed": True}).json()
    assert failed["only"] == ["job0", "job1"]
    assert ask.post("/projects/sample/builds/4/retry", {"jobs": ["x"]}).status_code == 422


def test_deliveries_are_listed_without_what_came_in_them(ask, project):
    from fairlead.server.store.models import Delivery

    Delivery.objects.create(
        project=project, source="github", key="1", fate="ignored", reason="no", body=b"hidden"
    )
    listed = ask.get("/projects/sample/deliveries")
    assert listed.json()["items"][0]["reason"] == "no"
    assert b"hidden" not in listed.content
    assert ask.post("/projects/sample/deliveries/77/replay").status_code == 404


def test_tokens_are_made_and_revoked(ask, project):
    made = ask.post("/tokens", {"name": "ci", "scopes": ["read"], "project": "sample"})
    assert made.status_code == 201
    said = made.json()
    assert (said["scopes"], said["project"]) == (["read"], "sample")
    assert ask.of(said["secret"]).get("/projects/sample").status_code == 200
    assert said["secret"] not in ask.get("/tokens").content.decode()
    assert ask.delete(f"/tokens/{said['id']}").status_code == 204
    assert ask.of(said["secret"]).get("/projects/sample").status_code == 401
    assert ask.delete(f"/tokens/{said['id']}").status_code == 404
    for bad in (
        {"name": "x", "scopes": ["worker"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["read"], "project": "none"},
        {"name": "x", "scopes": ["read"], "expires": "2001-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "expires": "2101-01-01T00:00:00"},
    ):
        assert ask.post("/tokens", bad).status_code in {404, 422}


def test_secrets_are_written_and_never_read(ask, secret, project):
    from django.conf import settings

    from fairlead.server.secrets.reading import of_project

    path = "/projects/sample/secrets"
    assert ask.put(f"{path}/API_KEY", {"value": "correct horse"}).status_code == 204
    assert of_project(settings.FAIRLEAD, project.pk) == {"API_KEY": "correct horse"}
    listed = ask.get(path)
    assert [item["name"] for item in listed.json()["items"]] == ["API_KEY"]
    assert b"correct" not in listed.content
    for token in (secret("read", "build", "push"), secret("worker")):
        assert ask.of(token).get(path).status_code in {403, 404}
        assert ask.of(token).put(f"{path}/API_KEY", {"value": "x"}).status_code in {403, 404}
    assert ask.put(f"{path}/A-B", {"value": "x"}).status_code == 422
    assert ask.put(f"{path}/API_KEY", {"value": ""}).status_code == 422
    assert ask.delete(f"{path}/API_KEY").status_code == 204
    assert ask.delete(f"{path}/API_KEY").status_code == 404
