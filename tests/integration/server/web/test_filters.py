"""The list of builds, narrowed."""

import re

import pytest


@pytest.fixture
def builds(project, make):
    make.build(project, "passed", branch="main", message="First")
    make.build(project, "failed", branch="main", message="Second", event="cron", sentence="bad")
    make.build(project, "running", branch="feature", message="Third 100% done")
    make.build(project, "queued", branch="feature", message="Fourth", author="Grace Hopper")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", "4321"),
        ("state=failed", "2"),
        ("state=open", "43"),
        ("branch=main", "21"),
        ("event=cron", "2"),
        ("q=hopper", "4"),
        ("q=100%25", "3"),
        ("q=third&branch=main", ""),
        ("q=0123456", "4321"),
        ("q=2", "2"),
        ("state=passed&branch=main", "1"),
        ("before=3", "21"),
    ],
)
def test_filters(admin, builds, query, numbers):
    page = admin.get(f"/p/bank/?{query}").content.decode()
    assert "".join(re.findall(r'<a href="/p/bank/(\d+)/">', page)) == numbers


def test_nothing_found_offers_all(admin, builds):
    page = admin.get("/p/bank/?q=nowhere").content.decode()
    assert "No build is like that" in page
    assert "Show all builds" in page


def test_older_ones_by_key(admin, project, make):
    for _ in range(35):
        make.build(project)
    page = admin.get("/p/bank/?branch=main").content.decode()
    older = re.search(r'href="\?([^"]*)">Older', page)[1].replace("&amp;", "&")
    page = admin.get(f"/p/bank/?{older}").content.decode()
    assert "".join(re.findall(r'<a href="/p/bank/(\d+)/">', page)) == "54321"
    assert "Newest" in page


def test_a_search_looks_at_so_many_at_a_time(admin, project, make, monkeypatch):
    from fairlead.server.web import filters

    monkeypatch.setattr(filters, "_WINDOW", 5)
    make.build(project, message="needle")
    for _ in range(12):
        make.build(project)
    path, asked = "/p/bank/?q=needle", 0
    while path:
        page = admin.get(path).content.decode()
        asked += 1
        found = re.findall(r'<a href="/p/bank/(\d+)/">', page)
        older = re.search(r'href="\?([^"]*)">Older', page)
        path = "/p/bank/?" + older[1].replace("&amp;", "&") if older and not found else ""
    assert found == ["1"]
    assert asked == 3


@pytest.mark.parametrize("page", ["", "deliveries/"])
@pytest.mark.parametrize("before", ["9" * 19, "9" * 5000, "0", "-1", "\u0663"])
def test_an_id_that_no_row_has_is_none(admin, builds, page, before):
    answer = admin.get(f"/p/bank/{page}", {"before": before})
    assert answer.status_code == 200
