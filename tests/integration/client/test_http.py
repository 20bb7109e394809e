"""Requests through a server that restarts, refuses, lies, or is not one of ours."""

import pytest

from fairlead.client.api import Api
from fairlead.client.errors import ServerRefused, ServerUnintelligible, ServerUnreachable
from fairlead.client.http import Connection, Patience
from fairlead.client.values import Me

ME = {"name": "ada", "scopes": ["read", "build"], "unknown": [1]}


def test_questions_carry_the_token_and_answers_may_grow(server, api):
    server.json("/api/v1/me", ME)
    assert api.me() == Me(name="ada", scopes=("read", "build"))
    headers = server.requests[0].headers
    assert headers["Authorization"] == "Bearer fl_secret"
    assert headers["User-Agent"].startswith("fairlead/")


def test_a_question_outlives_a_restart(server, api):
    server.json("/api/v1/me", ME)
    api.me()
    server.stop()
    again = server.restart_after(0.7)
    assert api.me().name == "ada"
    again.join()


def test_a_server_that_was_never_there_is_told_soon():
    connection = Connection("http://127.0.0.1:9", patience=Patience(first=0.3))
    with pytest.raises(ServerUnreachable, match=r"cannot reach http://127\.0\.0\.1:9"):
        Api(connection).me()
    connection.close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_question_is_asked_again_where_the_answer_is_later(server, api, status):
    count = 0

    def route(request):
        nonlocal count
        count += 1
        if count < 3:
            server.problem(request, status, "wait")
        else:
            server.send(request, b"{}")

    server.routes["/api/v1/me"] = route
    api.me()
    assert count == 3


def test_a_server_says_for_how_long_to_wait(server, api, monkeypatch):
    waited = []
    monkeypatch.setattr("fairlead.client.http.time.sleep", waited.append)

    def route(request):
        if len(server.requests) == 1:
            server.problem(request, 429, "slowly", Retry_After="3")
        else:
            server.send(request, b"{}")

    server.routes["/api/v1/me"] = route
    api.me()
    assert waited == [3.0]


@pytest.mark.parametrize("how", ["503", "cut"])
def test_what_changes_something_is_asked_for_once(server, api, shapes, how):
    def route(request):
        if how == "cut":
            server.cut(request)
        else:
            server.problem(request, 503, "no")

    server.routes["/api/v1/projects/shop/builds"] = route
    with pytest.raises((ServerUnreachable, ServerRefused)):
        api.trigger("shop", {})
    assert len(server.requests) == 1


def test_what_never_left_us_is_sent_again(server, api, shapes):
    server.json("/api/v1/me", ME)
    server.json("/api/v1/projects/shop/builds", shapes.build("queued", []), status=201)
    api.me()
    api.connection.close()
    fresh = Connection(server.url, patience=Patience(first=5.0))
    server.stop()
    again = server.restart_after(0.4)
    assert Api(fresh).trigger("shop", {"branch": "main"}).number == 3
    again.join()
    assert server.asked("/api/v1/projects/shop/builds")[0].body == b'{"branch":"main"}'
    fresh.close()


def test_a_refusal_has_the_servers_words(server, api):
    with pytest.raises(ServerRefused) as caught:
        api.build("shop", 3)
    assert caught.value.status == 404
    assert "there is no /api/v1/projects/shop/builds/3" in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"name": 3}', b"", b"\xff"])
def test_what_is_no_fairlead_server_is_told(server, api, body):
    server.routes["/api/v1/me"] = lambda request: server.send(request, body)
    with pytest.raises(ServerUnintelligible, match="does not answer as a Fairlead server"):
        api.me()


def test_the_token_follows_no_redirect(server, api):
    there = "http://127.0.0.1:9/api/v1/me"
    server.routes["/api/v1/me"] = lambda request: server.send(
        request, b"", status=302, Location=there
    )
    with pytest.raises(ServerUnintelligible, match="sends us on to"):
        api.me()
    assert len(server.requests) == 1


def test_what_has_not_changed_is_not_sent(server, api, shapes):
    def route(request):
        if request.headers.get("If-None-Match") == '"one"':
            server.send(request, b"", status=304)
        else:
            server.send(request, b'{"id":1,"project":"shop","number":3,"state":"x"}', ETag='"one"')

    server.routes[shapes.path] = route
    build, tag = api.build_changed("shop", 3, "")
    assert build is not None
    assert api.build_changed("shop", 3, tag) == (None, '"one"')


def test_lists_go_on_page_by_page_and_never_to_another_server(server, api, shapes):
    def page(request):
        before = int(request.query.get("before", ["9"])[0])
        items = [shapes.build(number=before - 1, jobs=[])]
        following = f"http://elsewhere.example/api/v1/builds?limit=1&before={before - 1}"
        return {"items": items, "next": following if before > 2 else None}

    server.json("/api/v1/builds", page)
    assert [build.number for build in api.builds(project="shop", most=3)] == [8, 7, 6]
    assert [build.number for build in api.builds(most=100)] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert server.requests[0].query == {"project": ["shop"], "limit": ["3"]}
