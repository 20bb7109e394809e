"""The first page."""

import pytest


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
