"""Who may what, how often, and how errors look: the same for every route."""

import pytest

WRITES = (
    ("post", "/projects", {"name": "x"}),
    ("patch", "/projects/sample", {"priority": 1}),
    ("delete", "/projects/sample", None),
    ("post", "/projects/sample/builds", {}),
    ("post", "/projects/sample/builds/1/cancel", None),
    ("post", "/projects/sample/builds/1/retry", None),
    ("post", "/projects/sample/builds/1/approve", None),
    ("post", "/projects/sample/builds/1/pin", None),
    ("post", "/projects/sample/deliveries/1/replay", None),
    ("post", "/tokens", {"name": "x", "scopes": ["read"]}),
    ("delete", "/tokens/1", None),
)
READS = (
    "/projects",
    "/projects/sample",
    "/builds",
    "/queue",
    "/workers",
    "/projects/sample/builds",
    "/projects/sample/builds/1",
    "/projects/sample/builds/1/order",
    "/projects/sample/builds/1/stream",
    "/projects/sample/builds/1/artifacts",
    "/projects/sample/builds/1/jobs/1",
    "/projects/sample/builds/1/jobs/1/log",
    "/projects/sample/builds/1/jobs/1/log/lines",
    "/projects/sample/builds/1/jobs/1/log/search?q=x",
    "/projects/sample/builds/1/jobs/1/tests",
    "/projects/sample/builds/1/jobs/1/stream",
    "/projects/sample/deliveries",
    "/artifacts/1",
)


@pytest.fixture
def build(make_build):
    from django.conf import settings

    from fairlead.server.storage import open_storage
    from fairlead.server.store.models import Artifact

    build = make_build(jobs=1, tests=1)
    open_storage(settings.FAIRLEAD).write(Artifact.objects.get().key, [b"hello"])
    return build


def test_without_a_token(ask, build, told):
    nobody = ask.of(None)
    for path in (*READS, "/me", "/tokens"):
        response = nobody.get(path)
        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
        assert response["WWW-Authenticate"].startswith("Bearer")
    told(public=True)
    assert {path: nobody.get(path).status_code for path in READS} == dict.fromkeys(READS, 200)
    assert ask.of("fl_" + "x" * 40).get("/projects").status_code == 401
    for verb, path, body in WRITES:
        assert getattr(nobody, verb)(path, body).status_code == 401


def test_reading_needs_its_scope(ask, build, secret):
    reader, pusher = ask.of(secret("read")), ask.of(secret("push"))
    assert {path: reader.get(path).status_code for path in READS} == dict.fromkeys(READS, 200)
    for path in READS:
        assert pusher.get(path).status_code == (404 if "sample" in path or "artif" in path else 403)
    assert pusher.get("/me").status_code == 200


def test_writing_needs_its_scope(ask, build, secret):
    reader, pusher, builder = (
        ask.of(secret(*scopes)) for scopes in (("read",), ("push",), ("read", "build"))
    )
    for verb, path, body in WRITES:
        assert getattr(reader, verb)(path, body).status_code == 403, path
        hidden = 404 if "{" in path or "sample" in path or "tokens/" in path else 403
        assert getattr(pusher, verb)(path, body).status_code == hidden, path
    assert builder.post("/projects/sample/builds/1/pin").status_code == 200
    assert builder.patch("/projects/sample", {"priority": 1}).status_code == 403


def test_a_token_of_one_project_sees_no_other(ask, build, make_build, secret):
    from fairlead.server.store.models import Project

    own = Project.objects.create(name="own")
    make_build(of=own)
    limited = ask.of(secret("admin", project=own))
    assert [one["name"] for one in limited.get("/projects").json()["items"]] == ["own"]
    for path in ("/builds", "/queue"):
        assert {one["project"] for one in limited.get(path).json()["items"]} == {"own"}
    for path in READS:
        if "sample" in path or "artifacts" in path:
            assert limited.get(path).status_code == 404, path
    for verb, path, body in WRITES:
        expected = 404 if "sample" in path else 403
        assert getattr(limited, verb)(path, body).status_code == expected, path
    assert limited.get("/tokens").status_code == limited.get("/workers").status_code == 403
    assert limited.patch("/projects/own", {"priority": 3}).json()["priority"] == 3


def test_unseen_and_absent_look_alike(ask, build, secret):
    from fairlead.server.store.models import Project

    limited = ask.of(secret("read", project=Project.objects.create(name="own")))
    for path in ("/projects/{}", "/projects/{}/builds/1", "/projects/{}/builds/1/jobs/1"):
        unseen, absent = (limited.get(path.format(name)) for name in ("sample", "absent"))
        assert unseen.content.replace(b"sample", b"absent") == absent.content


def test_sessions_need_their_csrf_token(ask, build):
    from django.contrib.auth.models import User
    from django.middleware.csrf import _get_new_csrf_string

    user, _ = User.objects.get_or_create(username="grace")
    browser = ask.of(None)
    browser.client.handler.enforce_csrf_checks = True
    browser.client.force_login(user)
    scopes = ["admin", "build", "deploy", "push", "read"]
    assert browser.get("/me").json()["scopes"] == scopes
    refused = browser.post("/projects/sample/builds/1/pin")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    token = _get_new_csrf_string()
    browser.client.cookies["csrftoken"] = token
    assert (
        browser.post("/projects/sample/builds/1/pin", **{"X-CSRFToken": token}).status_code == 200
    )
    assert ask.post("/projects/sample/builds/1/pin").status_code == 200
    user.delete()


def test_too_many_requests(ask, told):
    from fairlead.server.api.guard import limiter

    limiter.__init__()
    told(rate_limit=3)
    said = [ask.get("/me") for _ in range(4)]
    assert [response.status_code for response in said] == [200, 200, 200, 429]
    assert [response["RateLimit-Remaining"] for response in said] == ["2", "1", "0", "0"]
    assert said[3]["Content-Type"] == "application/problem+json"
    assert said[3]["Retry-After"] == "20"
    guesses = [ask.of(f"fl_{number:040}").get("/me").status_code for number in range(4)]
    assert guesses == [401, 401, 401, 429]


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("get", "/nothing", 404),
        ("get", "/", 404),
        ("put", "/projects", 405),
        ("get", "/projects/sample/builds/0", 422),
        ("get", "/projects/sample/builds/x", 422),
        ("get", "/projects/sample/builds/99999999999999999999", 422),
        ("get", "/projects/a%00b/builds/1", 404),
        ("get", "/projects/a%00b", 404),
        ("get", "/builds?branch=a%00b", 422),
        ("get", "/builds?limit=1000", 422),
        ("get", "/builds?state=sleeping", 422),
        ("get", "/builds?before=99999999999999999999", 422),
        ("get", "/artifacts/9007199254740991", 404),
    ],
)
def test_errors_are_problems(ask, project, verb, path, status):
    response = getattr(ask, verb)(path)
    said = response.json()
    assert (response.status_code, said["status"]) == (status, status)
    assert response["Content-Type"] == "application/problem+json"
    assert said["title"]
    assert said["detail"]
    if status == 405:
        assert set(response["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"a"', 422),
        (b'{"name": "a", "pad": "' + b"x" * (3 << 20) + b'"}', 413),
    ],
)
def test_bodies_that_are_none(ask, body, status):
    response = ask.post("/projects", body)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


def test_a_database_that_is_away_is_said_so(ask, monkeypatch):
    from django.db import OperationalError

    from fairlead.server.services import tokens

    def fail(_secret):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(tokens, "find", fail)
    response = ask.get("/projects")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response["Content-Type"] == "application/problem+json"


def test_what_nobody_foresaw_is_logged_and_told_as_a_problem(ask, project, monkeypatch, caplog):
    from fairlead.server.api.routes import projects

    def fail(*_args):
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(projects, "project_shape", fail)
    response = ask.get("/projects/sample")
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b"secret reason" not in response.content
    assert "the secret reason" in caplog.text
