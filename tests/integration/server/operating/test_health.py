"""What machines that look after this one are told."""

import asyncio
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from fairlead.util.fs import remove_tree


@pytest.fixture
def ask(database):
    """GET an address of the real server, from somewhere."""
    from fairlead.server.asgi import application
    from fairlead.server.operating import asgi

    def get(path, *, client="203.0.113.9", **headers):
        asgi._health.cache_clear()

        async def once():
            transport = httpx.ASGITransport(application, client=(client, 1))
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1") as web:
                return await web.get(path, headers=named)

        return asyncio.run(once())

    return get


@pytest.fixture
def told(monkeypatch, database):
    """Change what the server was told."""
    from django.conf import settings

    def change(**more):
        new = msgspec.structs.replace(settings.FAIRLEAD, **more)
        monkeypatch.setattr(settings, "FAIRLEAD", new)

    return change


def figures(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|fairlead_\w+(\{(\w+="[^"]*",?)*\})? [\d.e+-]+', line)
    return dict(re.findall(r"^fairlead_(\S+) (\S+)$", text, re.MULTILINE))


def test_it_lives_whatever_the_database_does(ask, monkeypatch):
    from django.db import connection

    def away():
        raise AssertionError

    monkeypatch.setattr(connection, "ensure_connection", away)
    answer = ask("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"
    assert ask("/healthzzz").status_code == 404


def test_it_is_ready(ask):
    answer = ask("/readyz")
    checks = {"database": "ok", "tables": "ok", "storage": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": checks})


def test_a_missing_migration_is_said(ask):
    from django.db import connection

    gone = "DELETE FROM django_migrations WHERE app = 'store' AND name = '0002_wake'"
    with connection.cursor() as cursor:
        cursor.execute(gone)
    try:
        answer = ask("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["tables"] == "1 migrations are not applied"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied)"
                " VALUES ('store', '0002_wake', now())"
            )


def test_a_database_that_is_away_is_said(ask, monkeypatch):
    from django.db import OperationalError
    from django.db.backends.postgresql.base import DatabaseWrapper

    def away(self):
        raise OperationalError("secret.example.org does not answer")

    monkeypatch.setattr(DatabaseWrapper, "ensure_connection", away)
    answer = ask("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "it cannot be reached"
    assert "secret" not in answer.text
    found = figures(ask("/metrics", client="127.0.0.1"))
    assert any(name.startswith("http_requests_total") for name in found)


def test_storage_that_takes_nothing_is_said(ask, told, tmp_path):
    (tmp_path / "file").touch()
    told(storage=str(tmp_path / "file" / "inside"))
    answer = ask("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["storage"] == "nothing can be stored"
    assert str(tmp_path) not in answer.text
    told(storage="s3://")
    assert ask("/readyz").json()["checks"]["storage"] == "FAIRLEAD_STORAGE cannot be used"


def test_a_full_disk_is_said(ask, monkeypatch):
    def full(_):
        return os.statvfs_result((4096, 4096, 100, 1, 0, 0, 0, 0, 0, 255))

    monkeypatch.setattr("fairlead.server.logs.storage.os.statvfs", full)
    assert ask("/readyz").json()["checks"]["storage"] == "the disk is full"


def test_looks_are_not_repeated_for_everybody(database, told):
    from django.conf import settings

    from fairlead.server.operating.health import Health

    times = iter((0.0, 1.0, 5.0, 5.0))
    health = Health(settings.FAIRLEAD, clock=lambda: next(times))
    first = health.look()
    assert health.look() is first
    assert health.look() is not first


def test_who_may_see_figures(ask, told):
    from fairlead.server.services.tokens import issue

    reader = issue("prometheus", ["read"])[1]
    worker = issue("worker", ["worker"])[1]
    refused = ask("/metrics")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert ask("/metrics", Authorization=f"Bearer {worker}").status_code == 401
    figures(ask("/metrics", Authorization=f"Bearer {reader}"))
    for near in ("127.0.0.1", "::1"):
        figures(ask("/metrics", client=near))
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert ask("/metrics", client=near, **{header: "x"}).status_code == 401
    told(public=True)
    figures(ask("/metrics"))


def test_figures_are_those_of_the_rows(ask, database, told, tmp_path):
    told(storage=str(tmp_path))
    from django.utils import timezone

    from fairlead.model import Trigger
    from fairlead.server.services.builds import Wish, create
    from fairlead.server.store.models import Attempt, Build, Job, LogChunk, Project, Worker

    now = timezone.now()
    project = Project.objects.create(name="p")
    builds = [create(project, Trigger(event="push"), Wish(held=number == 0)) for number in range(7)]

    def change(number, **fields):
        Build.objects.filter(pk=builds[number].pk).update(**fields)

    change(1, created=now - timedelta(seconds=500))
    change(2, created=now - timedelta(days=3), due=now + timedelta(days=1))
    change(3, state="running")
    begun = {"created": now - timedelta(seconds=100), "started": now - timedelta(seconds=70)}
    change(4, state="passed", finished=now, seconds=3.0, **begun)
    change(5, state="failed", finished=now, seconds=4000.0, **begun)
    change(6, state="passed", finished=now - timedelta(hours=2), seconds=3.0)
    Worker.objects.create(name="a", slots=3, started=now, seen=now)
    Worker.objects.create(name="b", slots=5, started=now, seen=now - timedelta(hours=1))
    job = Job.objects.create(build=builds[4], key="a", place=0, name="a", stage="s")
    attempt = Attempt.objects.create(
        job=job, number=1, started=now, finished=now - timedelta(minutes=5)
    )
    for start in (0, 1):
        LogChunk.objects.create(attempt=attempt, start=start, size=1, head=b"", data=b"")
    found = figures(ask("/metrics", client="127.0.0.1"))
    wanted = {
        'builds{state="held"}': "1",
        'builds{state="queued"}': "2",
        'builds{state="running"}': "1",
        'builds_ended_last_hour{state="passed"}': "1",
        'builds_ended_last_hour{state="failed"}': "1",
        'builds_ended_last_hour{state="errored"}': "0",
        'build_seconds_last_hour{le="2"}': "0",
        'build_seconds_last_hour{le="5"}': "1",
        'build_seconds_last_hour{le="3600"}': "1",
        'build_seconds_last_hour{le="+Inf"}': "2",
        'queue_seconds_last_hour{le="20"}': "0",
        'queue_seconds_last_hour{le="60"}': "2",
        "projects": "1",
        "builds_total": "7",
        "workers": "1",
        "slots": "3",
        "log_chunks": "2",
        "logs_left": "1",
    }
    assert wanted.items() <= found.items()
    assert 499 < float(found["queue_oldest_seconds"]) < 600
    assert float(found["database_bytes"]) > 1e6
    assert float(found["storage_free_bytes"]) > 0


def test_figures_read_no_more_of_many_builds(database):
    """Of 5,000 builds that ended long ago no query looks at more than a few pages."""
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from fairlead.server.operating.figures import measure
    from fairlead.server.store.models import Build, Project

    project = Project.objects.create(name="p")
    old = timezone.now() - timedelta(days=9)
    fields = {"project": project, "state": "passed", "event": "push", "trigger": b"{}"}
    Build.objects.create(number=0, started=old, finished=old, **fields)
    own = {"id", "number"}
    same = [f'"{f.column}"' for f in Build._meta.concrete_fields if f.column not in own]
    with connection.cursor() as cursor:
        columns = ", ".join(same)
        cursor.execute(
            f"INSERT INTO store_build (number, {columns})"
            f" SELECT n, {columns} FROM store_build, generate_series(1, 4999) AS n"
        )
        cursor.execute("ANALYZE store_build")
        with CaptureQueriesContext(connection) as asked:
            measure(settings.FAIRLEAD)
        pages = 0
        for query in asked.captured_queries:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
            plan = cursor.fetchone()[0][0]["Plan"]
            pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert pages < 60


def test_sweeping(database, told, tmp_path, monkeypatch):
    from django.conf import settings
    from django.db import connection

    from fairlead.server.operating import sweeping

    monkeypatch.setattr(sweeping, "_swept", 0.0)
    told(storage=str(tmp_path))
    left = tmp_path / ".aside-1"
    left.touch()
    os.utime(left, (1, 1))
    assert sweeping.sweep_storage(settings.FAIRLEAD) == 1
    assert not left.exists()
    left.touch()
    os.utime(left, (1, 1))
    assert sweeping.sweep_storage(settings.FAIRLEAD) == 0, "once an hour is enough"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)


def test_a_backup_holds_sweeping_off(database, told, tmp_path, monkeypatch):
    import psycopg
    from django.conf import settings

    from fairlead.server.operating import locks, sweeping

    monkeypatch.setattr(sweeping, "_swept", 0.0)
    told(storage=str(tmp_path))
    (tmp_path / ".aside-1").touch()
    os.utime(tmp_path / ".aside-1", (1, 1))
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (locks.LOCK,))
        assert sweeping.sweep_storage(settings.FAIRLEAD) == 0
        other.execute("SELECT pg_advisory_unlock(%s)", (locks.LOCK,))
    assert sweeping.sweep_storage(settings.FAIRLEAD) == 1


def test_nothing_of_the_data_folder_is_touched_by_looking(ask):
    remove_tree(Path(os.environ["FAIRLEAD_DATA"]) / "storage")
    before = time.time()
    assert ask("/readyz").status_code == 200
    assert not [
        path
        for path in (Path(os.environ["FAIRLEAD_DATA"]) / "storage").rglob("*")
        if path.stat().st_mtime > before
    ]
