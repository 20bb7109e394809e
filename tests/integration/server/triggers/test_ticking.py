"""Schedules and looks at remotes, at times that the test tells."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 2, tzinfo=UTC)


def git(folder, *words):
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def told(django):
    from django.conf import settings

    return msgspec.structs.replace(settings.FAIRLEAD, mirror_protocols=("file",))


@pytest.fixture
def remote(tmp_path):
    """A repository elsewhere, with one commit."""
    folder = tmp_path / "remote"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Begin")
    return folder


@pytest.fixture
def project(database, remote, told):
    """A project that mirrors that repository; nothing is left of it afterwards."""
    from fairlead.server.hosting import repositories
    from fairlead.server.store.models import Project

    yield Project.objects.create(name="ticked", kind="mirrored", url=f"file://{remote}")
    repositories.remove(told, "ticked")


@pytest.fixture
def look(told, project):
    """Do what is due at a time; returns how much that was."""
    from fairlead.server.ticking.clock import carry_out
    from fairlead.server.ticking.due import find

    return lambda now: sum(carry_out(told, due) for due in find(now))


@pytest.fixture
def row():
    from fairlead.server.store.models import Recurrence

    return Recurrence.objects.get


def test_nothing_is_due_of_a_project_that_wants_nothing(look, change):
    assert look(START) == 0
    change(cron="0 2 * * *", poll_every=60, enabled=False)
    assert look(START) == 0
    change(cron="", poll_every=60, enabled=True, kind="hosted")
    assert look(START) == 0


def test_a_schedule_is_built_when_it_is_due_and_once(look, change, remote, builds, kept, row):
    change(cron="0 2 * * *")
    assert look(START) == 1
    assert not builds()
    assert row().due == NIGHT
    assert look(NIGHT - timedelta(seconds=1)) == 0
    assert look(NIGHT) == 1
    assert look(NIGHT + timedelta(seconds=2)) == 0
    [build], [delivery] = builds(), kept()
    assert (build.event, build.branch, build.message) == ("cron", "main", "Begin")
    assert build.commit == git(remote, "rev-parse", "main")
    assert (delivery.source, delivery.fate, delivery.build) == ("cron", "built", build)
    assert bytes(delivery.body) == b"2026-03-02T02:00:00+00:00"
    assert (row().last, row().due) == (NIGHT, NIGHT + timedelta(days=1))


def test_what_was_missed_is_built_once(look, change, builds, row):
    change(cron="0 * * * *")
    look(START)
    look(START + timedelta(days=40, minutes=30))
    assert len(builds()) == 1
    assert row().due == START + timedelta(days=40, hours=1)


def test_a_clock_that_went_far_ahead_and_came_back_builds_once(look, change, builds, row):
    change(cron="0 2 * * *")
    look(START)
    ahead = START + timedelta(days=3650)
    look(ahead)
    assert row().due > ahead
    for seconds in range(0, 600, 60):
        look(START + timedelta(minutes=1, seconds=seconds))
    assert len(builds()) == 1
    # That night is what was built when the clock was ahead, so the next one is due.
    assert row().due == NIGHT + timedelta(days=1)
    look(NIGHT + timedelta(days=1))
    assert len(builds()) == 2


def test_a_clock_that_goes_a_little_back_builds_nothing_twice(look, change, builds):
    change(cron="0 2 * * *")
    look(START)
    for minutes in (0, -3, -1, 0, 5, -2, 1):
        look(NIGHT + timedelta(minutes=minutes))
    assert len(builds()) == 1


def test_a_clock_that_was_wrong_for_days_is_due_again_as_it_should(look, change, builds, row):
    change(cron="0 2 * * *")
    wrong = START + timedelta(days=365)
    look(wrong)
    look(wrong + timedelta(days=1))
    look(wrong + timedelta(days=2))
    assert len(builds()) == 2
    look(START)
    assert row().due == NIGHT
    look(NIGHT)
    assert len(builds()) == 3


@pytest.fixture
def known(monkeypatch):
    """A commit that needs no repository."""
    from fairlead.server.services import refs

    found = refs.Found(commit="a" * 40, ref="refs/heads/main", message="", author="")
    monkeypatch.setattr(refs, "resolve", lambda *_args, **_words: found)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 23 * 60), max_size=12))
def test_no_time_is_built_twice_however_the_clock_jumps_in_a_day(
    change, look, known, builds, kept, row, minutes
):
    from fairlead.server.store.models import Build, Delivery, Recurrence

    for model in (Recurrence, Delivery, Build):
        model.objects.all().delete()
    change(cron="0 * * * *")
    look(START)
    for minute in minutes:
        before = len(builds())
        look(START + timedelta(minutes=minute))
        assert len(builds()) <= before + 1
        assert row().due > START + timedelta(minutes=minute)
    named = [bytes(one.body) for one in kept()]
    assert len(named) == len(set(named)) == len(builds())
    assert len(named) <= max([0, *minutes]) // 60


def test_a_schedule_in_a_zone_and_another_one(look, change, row):
    change(cron="0 2 * * *", triggers={"zone": "Asia/Tokyo"})
    look(START)
    assert row().due == datetime(2026, 3, 1, 17, tzinfo=UTC)
    change(triggers={})
    assert look(START) == 1
    assert row().due == NIGHT
    change(cron="0 3 * * *")
    assert look(START) == 1
    assert row().due == NIGHT + timedelta(hours=1)


def test_a_branch_that_was_built_is_left_out(look, change, builds, kept):
    from fairlead.server.store.models import Build

    change(cron="0 2 * * *", triggers={"skip_built": 24})
    look(START)
    look(NIGHT)
    Build.objects.update(created=NIGHT + timedelta(hours=20))
    look(NIGHT + timedelta(days=1))
    assert len(builds()) == 1
    assert [one.fate for one in kept()] == ["built", "ignored"]
    assert kept()[1].reason == "built less than 24 h ago"
    look(NIGHT + timedelta(days=2))
    assert len(builds()) == 2


def test_what_fails_is_tried_again_later_each_time_and_says_why(look, change, builds, row):
    change(cron="0 2 * * *", default_branch="gone")
    look(START)
    pauses, now = [], NIGHT
    for _ in range(8):
        assert look(now) == 1
        pauses.append((row().due - now).total_seconds())
        now = row().due
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert row().error.startswith("ticked has no branch 'gone'")
    change(default_branch="main")
    look(now)
    assert (len(builds()), row().failures, row().error) == (1, 0, "")


@pytest.mark.parametrize("fields", [{"cron": "61 * * * *"}, {"triggers": {"zone": "Nowhere"}}])
def test_a_schedule_that_cannot_be_read_holds_nobody_up(fields, look, change, project, row):
    from fairlead.server.store.models import Project, Recurrence

    change(**{"cron": "0 2 * * *", **fields})
    other = Project.objects.create(name="other", cron="0 2 * * *")
    look(START)
    assert Recurrence.objects.get(project=project).error
    assert not Recurrence.objects.get(project=other).error
    assert look(START + timedelta(seconds=2)) == 0


def test_an_error_of_ours_is_written_down_and_does_not_come_at_each_look(
    look, change, row, monkeypatch
):
    from fairlead.server.hosting import mirrors

    def broken(*_args):
        raise RuntimeError("no")

    monkeypatch.setattr(mirrors, "refresh", broken)
    change(poll_every=60)
    assert look(START) == 1
    assert row().error == "internal error: RuntimeError: no"
    assert look(START + timedelta(seconds=5)) == 0


def test_the_first_look_builds_the_default_branch(look, change, remote, builds):
    git(remote, "branch", "other")
    git(remote, "tag", "v1")
    change(poll_every=60)
    assert look(START) == 1
    [build] = builds()
    assert (build.event, build.branch, build.commit) == (
        "push",
        "main",
        git(remote, "rev-parse", "main"),
    )
    assert look(START + timedelta(seconds=59)) == 0
    assert look(START + timedelta(seconds=60)) == 1
    assert len(builds()) == 1


def test_what_moved_between_two_looks_is_built(look, change, remote, builds):
    change(poll_every=60)
    git(remote, "branch", "old")
    look(START)
    git(remote, "commit", "-q", "--allow-empty", "-m", "More")
    git(remote, "tag", "-a", "v1", "-m", "One")
    git(remote, "branch", "-D", "old")
    look(START + timedelta(seconds=60))
    assert [(one.event, one.branch, one.tag, one.message) for one in builds()[1:]] == [
        ("push", "main", "", "More"),
        ("tag", "", "v1", "More"),
    ]
    assert builds()[2].commit == git(remote, "rev-parse", "main")
    git(remote, "reset", "-q", "--hard", "HEAD^")
    git(remote, "commit", "-q", "--allow-empty", "-m", "Other")
    look(START + timedelta(seconds=120))
    assert (builds()[3].message, builds()[3].read_trigger().forced) == ("Other", True)


def test_no_transaction_waits_while_git_is_asked(look, change, builds, monkeypatch):
    from django.db import connection

    from fairlead.server.hosting import facts

    inside, look_up = [], facts.look_up

    def watched(*args):
        inside.append(connection.in_atomic_block)
        return look_up(*args)

    monkeypatch.setattr(facts, "look_up", watched)
    change(poll_every=60)
    look(START)
    assert len(builds()) == 1
    assert inside == [False]


def test_a_remote_that_is_away_waits_longer_each_time(look, change, project, remote, row, builds):
    change(poll_every=300, url="file:///nonexistent/remote")
    now, pauses = START, []
    for _ in range(6):
        look(now)
        pauses.append((row().due - now).total_seconds())
        now = row().due
    assert pauses == [300, 600, 1200, 2400, 3600, 3600]
    assert row().error
    change(url=f"file://{remote}")
    look(now)
    assert (row().failures, row().error, len(builds())) == (0, "", 1)


def test_passwords_in_addresses_are_not_shown(database, project):
    from fairlead.server.store.models import Recurrence
    from fairlead.server.ticking import rows
    from fairlead.server.ticking.due import Due

    due = Due(project_id=project.pk, kind="poll", spec="60", now=START)
    rows.fail(rows.read(due), due, "cannot read https://ann:secret@forge.example/a.git")
    assert Recurrence.objects.get().error == "cannot read https://forge.example/a.git"


def test_two_schedulers_do_it_once(change, told, builds, look):
    from django.db import connection

    from fairlead.server.ticking.clock import carry_out
    from fairlead.server.ticking.due import find

    change(cron="0 2 * * *")
    look(START)
    found = find(NIGHT)

    def one(_number):
        try:
            return carry_out(told, found[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    assert done.count(True) == 1
    assert len(builds()) == 1


def test_a_clock_goes_on_where_a_remote_holds_it_up(change, told, project, monkeypatch):
    import threading

    from fairlead.server.hosting import mirrors
    from fairlead.server.store.models import Project, Recurrence
    from fairlead.server.ticking.clock import AT_ONCE, Clock

    release, entered = threading.Event(), threading.Semaphore(0)

    def slow(*_args):
        entered.release()
        release.wait(20)
        return {}

    monkeypatch.setattr(mirrors, "refresh", slow)
    change(poll_every=60)
    for number in range(AT_ONCE):
        Project.objects.create(
            name=f"more{number}", kind="mirrored", url="file:///x", poll_every=60
        )
    clock = Clock(told)
    clock.tick(START)
    for _ in range(AT_ONCE):
        assert entered.acquire(timeout=20)
    clock.tick(START)
    assert not entered.acquire(timeout=0.1)
    assert Recurrence.objects.count() == 0
    release.set()
    clock.join()
    assert Recurrence.objects.count() == AT_ONCE + 1


def test_a_look_with_nothing_due_is_one_query(told, change, look, django_queries):
    from fairlead.server.ticking.clock import Clock

    change(cron="0 2 * * *")
    look(START)
    clock = Clock(told)
    clock.tick(START)
    with django_queries() as queries:
        clock.tick(START)
    assert len(queries) == 1


def test_whether_anything_is_due_is_asked_without_finding_it(look, change):
    from django.db import connection

    from fairlead.server.ticking import ANYTHING_DUE

    def perhaps():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {ANYTHING_DUE}")
            return cursor.fetchone()[0]

    assert not perhaps()
    change(cron="0 2 * * *")
    assert perhaps()
    look(datetime.now(UTC))
    assert not perhaps()
    change(poll_every=60)
    assert perhaps()


@pytest.fixture
def django_queries(database):
    from contextlib import contextmanager

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def capture():
        with CaptureQueriesContext(connection) as found:
            yield found

    return capture
