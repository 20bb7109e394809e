"""Who may see what, and press what."""

import pytest

PAGES = ("/", "/p/bank/", "/p/bank/1/", "/queue/")
ADMIN_PAGES = ("/tokens/", "/new/", "/p/bank/settings/", "/p/bank/deliveries/")
ACTIONS = ("cancel", "restart", "restart-failed", "approve", "pin")


@pytest.fixture
def public(settings_of):
    settings_of(public=True)


@pytest.fixture
def settings_of(django):
    """Changes the configuration for a test."""
    import msgspec
    from django.conf import settings

    told = settings.FAIRLEAD

    def change(**fields):
        settings.FAIRLEAD = msgspec.structs.replace(told, **fields)

    yield change
    settings.FAIRLEAD = told


@pytest.mark.parametrize("path", [*PAGES, *ADMIN_PAGES, "/p/none/"])
def test_strangers_are_sent_to_sign_in_whether_there_is_such_a_page_or_not(
    client, project, make, path
):
    make.build(project)
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=%2F")


@pytest.mark.parametrize("path", PAGES)
def test_a_public_installation_shows_builds_to_anybody(client, public, project, make, path):
    make.build(project)
    page = client.get(path)
    assert page.status_code == 200
    assert "Restart all" not in page.content.decode()


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_its_settings_are_not_shown(client, public, project, path):
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("action", ACTIONS)
def test_readers_press_no_buttons(client, public, project, make, action):
    from fairlead.server.store.models import Build

    make.build(project, "queued")
    assert client.post(f"/p/bank/1/{action}")["Location"] == "/sign-in/?next=%2F"
    assert Build.objects.get().state == "queued"


def test_a_token_for_reading_alone_is_refused_by_buttons(client, project, make):
    from fairlead.server.services import tokens

    make.build(project, "queued")
    _, secret = tokens.issue("reader", ["read"])
    header = {"authorization": f"Bearer {secret}"}
    assert client.get("/p/bank/1/", headers=header).status_code == 200
    assert client.post("/p/bank/1/cancel", headers=header).status_code == 403


def test_buttons_want_their_token_against_forgery(user, project, make):
    from django.test import Client

    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(user)
    make.build(project, "queued")
    answer = client.post("/p/bank/1/cancel")
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()
    assert "Sign in" not in answer.content.decode()  # who did so already would wonder


def test_actions_are_not_done_by_following_a_link(admin, project, make):
    make.build(project, "queued")
    assert admin.get("/p/bank/1/cancel").status_code == 405
