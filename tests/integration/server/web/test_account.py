"""Signing in and out, and the link that works once."""

import pytest


def test_sign_in_leads_to_where_one_wanted_to_go(client, user):
    told = {"username": "ada", "password": "correct horse battery", "next": "/queue/"}
    answer = client.post("/sign-in/", told)
    assert (answer.status_code, answer["Location"]) == (302, "/queue/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_but_never_off_our_site(client, user, wanted):
    told = {"username": "ada", "password": "correct horse battery", "next": wanted}
    assert client.post("/sign-in/", told)["Location"] == "/"


def test_a_wrong_password_says_no_more_than_that(client, user):
    for name in ("ada", "nobody"):
        answer = client.post("/sign-in/", {"username": name, "password": "guess"})
        assert answer.status_code == 400
        assert "no account with this name and password" in answer.content.decode()


def test_guessing_is_slowed_down(client, user, monkeypatch):
    from fairlead.server.api.limits import Limiter
    from fairlead.server.web.pages import account

    monkeypatch.setattr(account, "_limiter", Limiter(clock=lambda: 0.0))
    for _ in range(10):
        client.post("/sign-in/", {"username": "ada", "password": "guess"})
    answer = client.post("/sign-in/", {"username": "ada", "password": "correct horse battery"})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_sign_out(admin):
    assert admin.get("/sign-out/").status_code == 405
    admin.post("/sign-out/")
    assert admin.get("/").status_code == 302


def test_the_welcome_link_works_once(client, database):
    from django.contrib.auth.models import User

    from fairlead.server.services import accounts

    User.objects.all().delete()
    path = accounts.one_time_path(accounts.make_administrator("grace"))
    assert "Welcome, grace" in client.get(path).content.decode()
    answer = client.post(path, {"password": "12345678", "again": "12345678"})
    assert "too common" in answer.content.decode()
    answer = client.post(path, {"password": "a good long one", "again": "another one"})
    assert "this is another one" in answer.content.decode()
    answer = client.post(path, {"password": "a good long one", "again": "a good long one"})
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.get(path).status_code == 410
