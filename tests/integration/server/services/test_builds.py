"""The verbs on builds, and what they leave in the queue; no worker runs here."""

from datetime import timedelta

import pytest

from fairlead.errors import FairleadError, UsageError
from fairlead.model import Trigger


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="sample")


@pytest.fixture
def verbs(database):
    from fairlead.server.services import builds

    return builds


def queued(build):
    """The engine's job of a build."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    build.refresh_from_db()
    return ProcrastinateJob.objects.get(pk=build.job_id)


def jobs():
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.count()


def on(branch, **more):
    return Trigger(event="push", branch=branch, commit="a" * 40, **more)


def set_state(build, state):
    type(build).objects.filter(pk=build.pk).update(state=state)


def test_a_build_and_its_place_in_the_queue_come_together(project, verbs):
    first, second = verbs.create(project, on("main")), verbs.create(project, on("other"))
    assert (first.number, second.number) == (1, 2)
    job = queued(first)
    assert (job.status, job.queue_name, job.args) == ("todo", "build", {"build_id": first.pk})
    assert first.read_trigger() == on("main")


def test_neither_comes_when_the_transaction_fails(project, verbs):
    from django.db import transaction

    from fairlead.server.store.models import Build

    with transaction.atomic():
        verbs.create(project, on("main"))
        assert jobs() == 1
        transaction.set_rollback(True)
    assert (Build.objects.count(), jobs()) == (0, 0)
    assert verbs.create(project, on("main")).number == 1


def test_text_that_postgresql_refuses_is_stored(project, verbs):
    build = verbs.create(project, on("main", message="a\0b\udce9", author="n\0" * 200))
    build.refresh_from_db()
    assert build.message == "a\N{SYMBOL FOR NULL}b\\udce9"
    assert len(build.author) == 255
    assert build.read_trigger().message.startswith("a\0b")


def test_a_newer_build_of_a_branch_supersedes_waiting_ones(project, verbs):
    old, other = verbs.create(project, on("main")), verbs.create(project, on("other"))
    new = verbs.create(project, on("main"))
    for build in (old, other):
        build.refresh_from_db()
    assert (old.state, old.reason) == ("cancelled", f"superseded by build {new.number}")
    assert queued(old).status == "cancelled"
    assert other.state == "queued"


def test_projects_may_want_every_build(project, verbs):
    project.cancel_superseded = False
    project.save()
    old = verbs.create(project, on("main"))
    verbs.create(project, on("main"))
    assert queued(old).status == "todo"


def test_tags_supersede_nothing(verbs):
    assert not verbs.series_of(Trigger(event="tag", tag="1.0"))
    assert verbs.series_of(Trigger(event="pull_request", pull_request="7")) == "pull:7"


def test_labels_are_a_queue_and_priority_is_kept(project, verbs):
    build = verbs.create(project, on("main"), verbs.Wish(labels=["py36", "deploy"], priority=5))
    job = queued(build)
    assert (job.queue_name, job.priority) == ("build:deploy+py36", 5)


def test_a_label_that_is_none_makes_no_build(project, verbs):
    with pytest.raises(FairleadError, match="no label"):
        verbs.create(project, on("main"), verbs.Wish(labels=["a+b"]))
    assert jobs() == 0


def test_a_disabled_project_builds_nothing(project, verbs):
    project.enabled = False
    project.save()
    with pytest.raises(FairleadError, match="disabled"):
        verbs.create(project, on("main"))


def test_builds_at_once_are_spread_over_the_places_of_a_project(project, verbs):
    project.concurrency = 2
    project.save()
    locks = [queued(verbs.create(project, on(str(n)))).lock for n in range(4)]
    places = [f"project:{project.pk}:{n}" for n in (0, 1, 0, 1)]
    assert locks == places


def test_a_held_build_waits_for_approval(project, verbs):
    build = verbs.create(project, on("main"), verbs.Wish(held=True))
    assert (build.state, build.job_id, jobs()) == ("held", None, 0)
    assert verbs.approve(build)
    assert queued(build).status == "todo"
    assert not verbs.approve(build)
    assert jobs() == 1


def test_a_held_build_can_be_cancelled(project, verbs):
    build = verbs.create(project, on("main"), verbs.Wish(held=True))
    assert verbs.cancel(build, "not this one")
    assert not verbs.approve(build)
    build.refresh_from_db()
    assert (build.state, build.sentence) == ("cancelled", "not this one")


def test_a_restart_is_a_new_build_of_the_same(project, verbs):
    old = verbs.create(project, on("main"), verbs.Wish(parameters={"A": "1"}))
    verbs.cancel(old)
    new = verbs.restart(old)
    assert (new.number, new.restart_of, new.commit) == (2, old, old.commit)
    assert new.parameters == {"A": "1"}
    assert queued(new).status == "todo"


def test_a_restart_does_not_supersede(project, verbs):
    old = verbs.create(project, on("main"))
    verbs.restart(old)
    assert queued(old).status == "todo"


def test_a_restart_of_what_failed_names_those_jobs(project, verbs):
    from fairlead.server.store.models import Job

    old = verbs.create(project, on("main"))
    for place, (key, state) in enumerate((("unit", "failed"), ("lint", "passed"))):
        Job.objects.create(build=old, key=key, place=place, name=key, stage="test", state=state)
    assert verbs.restart(old, failed=True).only == ["unit"]
    assert verbs.restart(old, only=["lint"]).only == ["lint"]
    with pytest.raises(UsageError, match="has no job 'docs'"):
        verbs.restart(old, only=["docs"])
    Job.objects.update(state="passed")
    with pytest.raises(UsageError, match="every job"):
        verbs.restart(old, failed=True)


def test_a_running_build_is_only_told_to_end(project, verbs):
    build = verbs.create(project, on("main"))
    set_state(build, "running")
    assert verbs.cancel(build, "enough")
    build.refresh_from_db()
    assert (build.state, build.reason) == ("running", "enough")


def test_what_has_its_verdict_is_not_cancelled(project, verbs):
    build = verbs.create(project, on("main"))
    set_state(build, "passed")
    assert not verbs.cancel(build)


def test_a_build_that_waits_too_long_ends_with_the_reason(project, verbs):
    from django.utils import timezone

    from fairlead.server.configuration import Intervals
    from fairlead.server.engine.reaper import sweep

    late = verbs.create(project, on("a"), verbs.Wish(labels=["py27"]))
    fresh = verbs.create(project, on("b"))
    long_ago = timezone.now() - timedelta(seconds=100)
    type(late).objects.filter(pk=late.pk).update(created=long_ago)
    later = verbs.create(project, on("c"), verbs.Wish(due=timezone.now() + timedelta(hours=1)))
    type(late).objects.filter(pk=later.pk).update(created=long_ago)
    assert sweep(Intervals(grace=0), 60) == 1
    late.refresh_from_db()
    assert late.state == "errored"
    assert late.reason == "it waited for more than 60 s: no worker is running"
    assert queued(late).status == "cancelled"
    assert queued(fresh).status == queued(later).status == "todo"


def test_nothing_is_passed_on_right_after_a_start_of_the_database(project, verbs):
    from fairlead.server.configuration import Intervals
    from fairlead.server.engine.reaper import sweep

    lost = verbs.create(project, on("a"))
    type(lost).objects.filter(pk=lost.pk).update(job_id=12345)
    assert sweep(Intervals(grace=1e6), 0) == 0
    assert sweep(Intervals(grace=0), 0) == 1
    assert queued(lost).status == "todo"


def test_the_engines_old_rows_and_dead_workers_are_forgotten(project, verbs, monkeypatch):
    from django.utils import timezone

    from fairlead.server.configuration import Intervals
    from fairlead.server.engine import reaper
    from fairlead.server.store.models import Worker

    monkeypatch.setattr(reaper, "_KEPT", 2)
    monkeypatch.setattr(reaper, "_forgot", 0.0)
    builds = [verbs.create(project, on(str(n))) for n in range(5)]
    for build in builds[:4]:
        verbs.cancel(build)
    now = timezone.now()
    for name, days in (("gone", 2), ("here", 0)):
        Worker.objects.create(name=name, started=now, seen=now - timedelta(days=days))
    reaper.sweep(Intervals(grace=0), 0)
    assert jobs() == 3
    assert queued(builds[4]).status == "todo"
    assert [worker.name for worker in Worker.objects.all()] == ["here"]
