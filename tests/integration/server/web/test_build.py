"""One build."""

import json
import re

import pytest

LOG = b"".join(b"line %d\n" % number for number in range(1, 101)) + b"\x1b[31mboom <b>\x1b[0m\n"


def order(page):
    return re.findall(r'class="name"><a href="[^"]*/(\d+)/">', page)


def test_the_verdict_comes_first_and_the_failing_step_is_open(admin, project, make):
    build = make.build(project, "failed", sentence="1 new test failure in py3.12, 4 s")
    make.job(build, "lint", 0)
    make.attempt(make.job(build, "py3.12", 1, "failed", reason="pytest failed"), LOG)
    page = admin.get("/p/bank/1/").content.decode()
    assert (
        page.index("1 new test failure in py3.12") < page.index("pytest -q") < page.index(">Jobs<")
    )
    assert "line 72<" in page
    assert "line 71<" not in page
    assert '<span class="ansi-fg-1">boom &lt;b&gt;</span>' in page
    assert 'href="/p/bank/1/2/#L101"' in page


def test_jobs_stand_in_the_order_of_what_needs_eyes(admin, project, make):
    build = make.build(project, "running")
    for place, state in enumerate(
        ["passed", "queued", "running", "failed", "errored", "cancelled"]
    ):
        make.job(build, f"{state}-job", place, state)
    make.job(build, "tolerated", 6, "failed", allow_failure=True)
    page = admin.get("/p/bank/1/").content.decode()
    assert order(page) == ["4", "5", "7", "3", "2", "6", "1"]


def test_a_log_that_is_gone_is_said_and_the_rest_is_shown(admin, project, make):
    from fairlead.server.store.models import Attempt

    build = make.build(project, "failed")
    attempt = make.attempt(make.job(build, "py3.12", 0, "failed"), LOG)
    Attempt.objects.filter(pk=attempt.pk).update(log="logs/1/gone.gz")
    page = admin.get("/p/bank/1/").content.decode()
    assert "Its log cannot be read" in page
    assert "pytest -q" in page


def test_a_waiting_build_says_what_it_waits_for(admin, project, make):
    make.build(project, "queued", labels=["py27"])
    assert "Waiting: no worker is running." in admin.get("/p/bank/1/").content.decode()


def test_the_graph_is_there_only_where_something_waits_for_something(admin, project, make):
    build = make.build(project)
    make.job(build, "lint", 0)
    make.job(build, "test", 1)
    assert "What waits for what" not in admin.get("/p/bank/1/").content.decode()
    make.job(build, "package", 2, needs=["lint", "test"])
    page = admin.get("/p/bank/1/").content.decode()
    assert 'aria-label="package needs lint, test"' in page
    assert page.count('class="edge"') == 2
    used = set(re.findall(r'<use href="#([\w-]+)"', page))
    assert used
    assert used <= set(re.findall(r'<symbol id="([\w-]+)"', page))


def test_every_state_has_a_picture_that_is_drawn_where_it_stands(django):
    from fairlead.server.store.models import State
    from fairlead.server.web.templatetags.fairlead import icon

    for state in State:
        assert "<path" in icon(state.value) or "<rect" in icon(state.value)
        assert "<use" not in icon(state.value)
    assert icon("<b>") == icon("nothing")


def test_a_matrix_is_a_table_by_version(admin, project, make):
    build = make.build(project)
    make.matrix(build, pythons=["3.9", "3.12"], axes=({"django": "4.2"}, {"django": "5.2"}))
    page = admin.get("/p/bank/1/").content.decode()
    assert re.findall(r'<th scope="col">([\d.]+)</th>', page) == ["3.9", "3.12"]
    assert page.count('class="chip passed"') == 4
    assert "django 5.2" in page


def test_new_failures_are_told_from_old_ones(admin, project, make):
    case = {"name": "test_a", "suite": "tests", "id": "tests/test_a.py::test_a", "message": "no"}
    told = {
        "new_failures": [{"job": "py3.12", "case": case}],
        "still_failing": [{"job": "py3.12", "case": case | {"id": "other"}}],
    }
    build = make.build(project, "failed", result=json.dumps({"comparison": told}).encode())
    make.job(build, "py3.12", 0, "failed")
    page = admin.get("/p/bank/1/").content.decode()
    assert "New failures" in page
    assert "tests/test_a.py::test_a" in page
    assert "1 still failing" in page


def test_actions_lead_to_the_new_build(admin, project, make):
    from fairlead.server.store.models import Build

    build = make.build(project, "failed")
    make.job(build, "lint", 0)
    make.job(build, "py3.12", 1, "failed")
    assert admin.post("/p/bank/1/restart-failed")["Location"] == "/p/bank/2/"
    assert Build.objects.get(number=2).only == ["py3.12"]
    assert admin.post("/p/bank/1/restart", {"job": "lint"})["Location"] == "/p/bank/3/"
    assert admin.post("/p/bank/2/cancel")["Location"] == "/p/bank/2/"
    assert Build.objects.get(number=2).reason == "cancelled by ada"
    admin.post("/p/bank/1/pin", {"pinned": "yes"})
    assert Build.objects.get(number=1).pinned
    assert "Unpin" in admin.get("/p/bank/1/").content.decode()


def test_an_action_that_cannot_be_done_says_why(admin, project, make):
    build = make.build(project)
    make.job(build, "lint", 0)
    answer = admin.post("/p/bank/1/restart-failed")
    assert answer.status_code == 400
    assert "there is nothing to repeat" in answer.content.decode()
    assert admin.post("/p/bank/1/restart", {"job": "none"}).status_code == 400


def test_a_held_build_is_approved(admin, project, make):
    from fairlead.server.store.models import Build

    make.build(project, "held", trusted=False)
    page = admin.get("/p/bank/1/").content.decode()
    assert "Approve and run" in page
    assert "untrusted" in page
    admin.post("/p/bank/1/approve")
    assert Build.objects.get().state == "queued"


def test_what_is_not_there(admin, project):
    for path in ("/p/bank/9/", "/p/none/", "/p/bank/99999999999999999999/"):
        answer = admin.get(path)
        assert answer.status_code == 404, path
        assert "There is no such page" in answer.content.decode()


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_worker_whose_clock_is_wrong_does_not_spoil_the_page(admin, project, make, hours):
    from datetime import timedelta

    from fairlead.server.store.models import Attempt

    build = make.build(project, "failed")
    job = make.job(build, "unit", 0, "failed", seconds=9.0)
    attempt = make.attempt(job, b"no\n")
    started = build.started + timedelta(hours=hours)
    Attempt.objects.filter(pk=attempt.pk).update(started=started)
    page = admin.get("/p/bank/1/")
    assert page.status_code == 200
    numbers = re.findall(r'<rect[^>]*? x="(-?\d+)"[^>]*? width="(-?\d+)"', page.content.decode())
    assert numbers
    assert all(0 <= int(x) <= 1000 and 0 < int(wide) <= 1000 for x, wide in numbers)
