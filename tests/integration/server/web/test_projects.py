"""The first page."""

import pytest
from django.db import OperationalError


def test_strangers_are_sent_to_sign_in(client):
    answer = client.get("/?q=x")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=%2F%3Fq%3Dx"


def test_without_projects_the_page_says_what_to_do(admin):
    assert "Add the first one" in admin.get("/").content.decode()


def test_a_project_is_shown(admin, project):
    assert "bank" in admin.get("/").content.decode()


@pytest.mark.parametrize("query", ["q=%00bank", "after=%00", "q=" + "b" * 5000])
def test_odd_addresses_are_answered(admin, project, query):
    assert admin.get(f"/?{query}").status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(OperationalError, 503, "The database is away"), (ValueError, 500, "The fault is ours")],
)
def test_a_page_that_cannot_be_made_says_why(admin, project, monkeypatch, error, status, words):
    def broken(*_args):
        raise error

    monkeypatch.setattr("fairlead.server.web.pages.projects.recent", broken)
    admin.raise_request_exception = False
    answer = admin.get("/")
    assert (answer.status_code, answer.get("Retry-After")) == (
        status,
        "5" if status == 503 else None,
    )
    assert words in answer.content.decode()
