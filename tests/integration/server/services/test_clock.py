"""Machines whose clocks are wrong: what is old, late or gone is so by the database's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead.model import Trigger
from fairlead.server.configuration import Intervals


@pytest.fixture
def build(database):
    from fairlead.server.services.builds import create
    from fairlead.server.store.models import Project

    project = Project.objects.create(name="p", keep_days=1)
    return create(project, Trigger(event="api", commit="a" * 40))


@pytest.fixture
def years_ahead(monkeypatch):
    """From now on this machine's clock is wrong."""
    from django.utils import timezone

    def jump():
        monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=4000))

    return jump


def test_a_worker_that_is_years_ahead_ends_nothing_that_waits(build, years_ahead, monkeypatch):
    from fairlead.server.engine import reaper
    from fairlead.server.store.models import Worker

    now = datetime.now(UTC)
    worker = Worker.objects.create(name="w", started=now, seen=now, slots=1)
    years_ahead()
    monkeypatch.setattr(reaper, "_forgot", 0.0)
    intervals = Intervals(grace=0.0)
    assert reaper.sweep(intervals, 3600.0) == 0
    build.refresh_from_db()
    assert build.state == "queued"
    assert Worker.objects.filter(pk=worker.pk).exists()


def test_a_worker_that_is_alive_is_known_as_such(build, years_ahead):
    from fairlead.server.store.models import Worker
    from fairlead.server.store.waiting import why_waiting

    now = datetime.now(UTC)
    Worker.objects.create(name="w", started=now, seen=now, slots=1)
    years_ahead()
    assert not why_waiting(build)


def test_a_scheduler_that_is_years_ahead_removes_nothing(build, years_ahead, tmp_path):
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.services import deliveries, retention
    from fairlead.server.store.models import Artifact, Build, Delivery, Job

    now = datetime.now(UTC)
    Build.objects.update(state="passed", started=now, finished=now)
    job = Job.objects.create(build=build, key="a", place=0, name="a", stage="s")
    Artifact.objects.create(job=job, path="a", size=1, key="a", expires=now + timedelta(days=9))
    Delivery.objects.create(project=build.project, source="git", key="k", event="push", body=b"x")
    years_ahead()
    assert retention.expire(FolderStorage(tmp_path)) == 0
    assert deliveries.expire() == 0
    assert Build.objects.exists()
    assert Artifact.objects.exists()
    assert Delivery.objects.get().body


def test_a_build_of_a_worker_that_is_years_behind_is_kept(build, tmp_path):
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.services import retention
    from fairlead.server.store.models import Build

    now = datetime.now(UTC)
    Build.objects.update(state="passed", started=now, finished=now - timedelta(days=20_000))
    assert retention.expire(FolderStorage(tmp_path)) == 0
    Build.objects.update(started=now - timedelta(days=2))
    assert retention.expire(FolderStorage(tmp_path)) == 1
