"""Reasons for waiting, from the rows of workers and builds."""

from datetime import timedelta

import pytest

from fairlead.model import Trigger


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="sample")


@pytest.fixture
def build(project):
    def make(branch="main", **wish):
        from fairlead.server.services.builds import Wish, create

        project.refresh_from_db()
        return create(project, Trigger(event="push", branch=branch), Wish(**wish))

    return make


@pytest.fixture
def worker(database):
    def make(*labels, silent=0, slots=1):
        from django.utils import timezone

        from fairlead.server.store.models import Worker

        now = timezone.now()
        return Worker.objects.create(
            name="w", labels=labels, slots=slots, started=now, seen=now - timedelta(seconds=silent)
        )

    return make


@pytest.fixture
def why(database):
    from fairlead.server.store.waiting import why_waiting

    return why_waiting


def test_without_workers(build, worker, why):
    worker(silent=60)
    assert why(build()) == "no worker is running"


def test_a_label_that_nobody_has(build, worker, why):
    worker("py36")
    assert why(build(labels=["py27", "py36"])) == "no worker has py27"


def test_labels_that_nobody_has_together(build, worker, why):
    worker("a")
    worker("b")
    assert why(build(labels=["a", "b"])) == "no worker has a and b together"


def test_busy_workers(build, worker, why):
    from fairlead.server.store.models import Build

    able = worker()
    running = build("one")
    waiting = build("two")
    assert not why(waiting)
    Build.objects.filter(pk=running.pk).update(state="running", worker=able)
    assert why(waiting) == "every worker that could run it is busy"
    worker()
    assert not why(waiting)


def test_the_limit_of_the_project(build, project, worker, why):
    worker(slots=5)
    project.concurrency = 1
    project.save()
    first, second = build("one"), build("two")
    assert not why(first)
    assert why(second) == "the project runs at most 1 build at once"


def test_approval_and_delay(build, worker, why):
    from django.utils import timezone

    worker()
    assert why(build(held=True)) == "it waits for approval"
    assert why(build("x", due=timezone.now() + timedelta(hours=1))).startswith("it is due at")


def test_a_worker_with_a_long_past_is_not_counted_through(build, worker, why):
    """Of 5,000 builds that it ran no question looks at more than a few pages."""
    from django.db import connection

    from fairlead.server.store import waiting
    from fairlead.server.store.asking import ask
    from fairlead.server.store.models import Build

    now, old = build(), worker()
    Build.objects.filter(pk=now.pk).update(worker=old)
    own = {"id", "number", "state"}
    columns = ", ".join(f'"{f.column}"' for f in Build._meta.concrete_fields if f.column not in own)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO store_build (number, state, {columns})"
            f" SELECT 10 + n, 'passed', {columns} FROM store_build, generate_series(1, 4999) AS n"
        )
        cursor.execute("ANALYZE store_build")
    assert why(now) == ""
    ((plan,),) = ask("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + waiting._HEARD, waiting.SILENT)
    found = plan[0]["Plan"]
    assert found["Shared Hit Blocks"] + found["Shared Read Blocks"] < 30
