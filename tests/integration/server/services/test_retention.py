"""What is removed when, with its files."""

from datetime import timedelta

import pytest

from fairlead.model import Trigger
from fairlead.server.logs.storage import FolderStorage


@pytest.fixture
def storage(tmp_path):
    return FolderStorage(tmp_path)


@pytest.fixture
def ended(database):
    """Makes builds with a verdict, some days old."""
    from django.utils import timezone

    from fairlead.server.services.builds import create
    from fairlead.server.store.models import Build

    def make(project, days=0, **fields):
        build = create(project, Trigger(event="push", branch="main"))
        then = timezone.now() - timedelta(days=days)
        Build.objects.filter(pk=build.pk).update(state="passed", finished=then, **fields)
        return build.number

    return make


@pytest.fixture
def expire(storage, database):
    from fairlead.server.services.retention import expire

    return lambda: expire(storage)


def project(**fields):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="p", **fields)


def numbers():
    from fairlead.server.store.models import Build

    return sorted(Build.objects.values_list("number", flat=True))


def test_builds_older_than_their_days_go(ended, expire):
    here = project(keep_days=10)
    for days in (30, 11, 9):
        ended(here, days)
    assert expire() == 2
    assert numbers() == [3]


def test_only_so_many_builds_stay(ended, expire):
    here = project(keep_builds=2)
    for _ in range(5):
        ended(here)
    assert expire() == 3
    assert numbers() == [4, 5]
    assert expire() == 0


def test_pinned_builds_and_those_without_a_verdict_stay(ended, expire):
    here = project(keep_days=1)
    ended(here, 50, pinned=True)
    number = ended(here, 50)
    from fairlead.server.store.models import Build

    Build.objects.filter(number=number).update(state="running")
    assert expire() == 0
    assert numbers() == [1, 2]


def test_by_default_nothing_goes(ended, expire):
    ended(project(), 5000)
    assert expire() == 0


def test_files_go_with_their_build(ended, expire, storage, tmp_path):
    from django.utils import timezone

    from fairlead.server.store.models import Artifact, Attempt, Build, Job, Step, Test

    here = project(keep_days=1)
    ended(here, 5)
    build = Build.objects.get()
    job = Job.objects.create(build=build, key="a", place=0, name="a", stage="test")
    now = timezone.now()
    attempt = Attempt.objects.create(job=job, number=1, started=now, log="logs/1")
    Step.objects.create(attempt=attempt, number=0, name="s", phase="script", started=now)
    Test.objects.create(
        project=here, build=build, attempt=attempt, digest=1, name="t", outcome="passed"
    )
    Artifact.objects.create(job=job, path="x", key="artifacts/1")
    storage.write("logs/1", [b"x"])
    storage.write("artifacts/1", [b"x"])
    assert expire() == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Job.objects.exists()
    assert not Test.objects.exists()


def test_artifacts_go_by_their_own_days(ended, expire, storage):
    from django.utils import timezone

    from fairlead.server.logs.errors import LogMissing
    from fairlead.server.store.models import Artifact, Build, Job

    ended(project())
    job = Job.objects.create(build=Build.objects.get(), key="a", place=0, name="a", stage="test")
    for name, days in (("old", -1), ("new", 1)):
        expires = timezone.now() + timedelta(days=days)
        Artifact.objects.create(job=job, path=name, key=name, expires=expires)
        storage.write(name, [b"x"])
    assert expire() == 1
    assert Artifact.objects.get().path == "new"
    assert storage.read("new", 0, 1) == b"x"
    with pytest.raises(LogMissing):
        storage.read("old", 0, 1)
