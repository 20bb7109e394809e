"""Environments of pull requests: who gets one, what goes there, and how they come to their end."""

import asyncio
from types import SimpleNamespace

import msgspec
import pytest

from fairlead.errors import Conflict, DeploymentRefused, UsageError
from fairlead.model.environment import App, Environment, Host, Wanted

OTHER = "f" * 40
PATTERN = Environment(
    name="staging",
    review=True,
    hosts=(Host(address="127.0.0.1", port=9, user="deploy"),),
    app=App(name="shop", target="shop.wsgi:app"),
    domains=("pr-{number}.staging.example.org",),
    secrets=("KEY",),
)
PRODUCTION = Environment(
    name="production", hosts=(Host(address="one.example.org"),), app=App(name="shop")
)


@pytest.fixture
def pattern(make):
    return make.environments(PRODUCTION, PATTERN)[1]


def service():
    from fairlead.server.services import reviews

    return reviews


def proposed(make, number="7", **columns):
    told = {"pull_request": number, "job_id": 1, "branch": "main", **columns}
    return make.build(**told)


def bring(build):
    from fairlead.server.engine.following import follow

    follow(build.pk, None, None)


def row(name="staging-7"):
    from fairlead.server.store.models import Environment as Row

    return Row.objects.filter(name=name).first()


def deployments(name="staging-7"):
    from fairlead.server.store.models import Deployment

    return list(Deployment.objects.filter(environment__name=name).order_by("id"))


def close(project, number="7"):
    from django.db import transaction

    with transaction.atomic():
        service().close(project, number)


def jobs(task="remove_review"):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, lock, status::text FROM procrastinate_jobs WHERE task_name = %s"
            " ORDER BY id",
            (task,),
        )
        return cursor.fetchall()


def test_a_green_build_of_a_pull_request_gets_a_place_of_its_own(make, pattern):
    build = proposed(make)
    bring(build)
    review = row()
    assert (review.pull_request, review.active, review.closing) == ("7", True, False)
    told = review.read()
    assert (told.app.name, told.domains) == ("shop-pr-7", ("pr-7.staging.example.org",))
    (deployment,) = deployments()
    assert (deployment.state, deployment.build, deployment.automatic) == ("queued", build, True)
    release = deployment.release
    assert (release.pull_request, release.branch, release.trusted) == ("7", "", True)
    bring(build)
    assert len(deployments()) == 1


def test_each_further_green_build_is_deployed_and_an_older_one_is_not(make, pattern):
    first, second = proposed(make), proposed(make, commit=OTHER)
    bring(second)
    bring(first)
    assert [one.build for one in deployments()] == [second]
    third = proposed(make, commit="e" * 40)
    bring(third)
    assert [(one.build, one.state) for one in deployments()] == [
        (second, "cancelled"),
        (third, "queued"),
    ]
    assert service().patterns(make.project)[0].name == "staging"


@pytest.mark.parametrize("columns", [{"state": "failed"}, {"only": ["unit"]}])
def test_what_is_not_wholly_green_is_not_deployed(make, pattern, columns):
    bring(proposed(make, **columns))
    assert row() is None


def test_without_a_pattern_a_pull_request_gets_nothing(make):
    make.environment()
    bring(proposed(make))
    assert row() is None


def test_a_stranger_needs_a_person_and_never_gets_secrets(make, pattern, project, tmp_path):
    project.triggers = {"approve": "never"}
    project.save()
    build = proposed(make, trusted=False)
    bring(build)
    assert row() is None
    project.triggers = {"approve": "first"}
    project.save()
    bring(build)
    (deployment,) = deployments()
    assert not deployment.release.trusted
    order = order_of(deployment, tmp_path)
    assert order.review
    assert (order.order.environment.secrets, order.order.secrets) == ((), ())


def test_our_own_get_the_secrets_that_the_pattern_names(make, pattern, project, tmp_path):
    from fairlead.server.services import secrets

    secrets.put(project, "KEY", "value")
    bring(proposed(make))
    order = order_of(deployments()[0], tmp_path)
    assert order.order.secrets == (("KEY", "value"),)
    assert order.order.environment.app.name == "shop-pr-7"


def test_a_web_node_hands_no_secrets_out_for_a_stranger(make, pattern, project):
    from django.conf import settings

    from fairlead.server.secrets.reading import of_running_deployment
    from fairlead.server.services import secrets
    from fairlead.server.store.models import Deployment

    secrets.put(project, "KEY", "value")
    bring(proposed(make, trusted=False))
    bring(proposed(make, "8"))
    Deployment.objects.update(state="running")
    theirs, ours = deployments()[0], deployments("staging-8")[0]
    assert of_running_deployment(settings.FAIRLEAD, theirs.pk) == {}
    assert of_running_deployment(settings.FAIRLEAD, ours.pk) == {"KEY": "value"}


def order_of(deployment, folder):
    """What a worker would be told, with a file of nothing as the release."""
    from django.conf import settings

    from fairlead.model.release import Manifest
    from fairlead.server.engine.deploying import Means
    from fairlead.server.engine.deployorder import make_order
    from fairlead.server.store.fields import pack
    from fairlead.server.store.models import Deployment, Release

    manifest = Manifest(project="shop", version="1", commit=deployment.commit)
    Release.objects.filter(pk=deployment.release_id).update(
        state="ready", key="some", size=0, manifest=pack(manifest)
    )
    Deployment.objects.filter(pk=deployment.pk).update(state="running")
    rows = Deployment.objects.select_related("environment", "release", "project")
    means = Means(told=settings.FAIRLEAD, settings=None, storage=None, alone=False)
    return make_order(rows.get(pk=deployment.pk), folder, means)


def test_a_proposed_change_goes_nowhere_else(make, pattern):
    from fairlead.server.services import choosing, deployments, releases

    bring(proposed(make))
    bring(proposed(make, "8", commit=OTHER))
    release = make.build().project.releases.get(pull_request="7")
    release.state = "ready"
    release.save()
    production = row("production")
    for name in ("production", "staging-8"):
        with pytest.raises(UsageError, match="pull request 7"):
            deployments.ask(row(name), choosing.Wanted(release=release.number), "ada")
    with pytest.raises(UsageError, match="proposed change"):
        deployments.ask(production, choosing.Wanted(build=1), "ada")
    with pytest.raises(UsageError, match="may not go"):
        deployments.ask(row("staging-8"), choosing.Wanted(build=1), "ada")
    assert deployments.next_release(production) is None
    assert releases.newest(make.project, release.commit) is None


def test_nothing_is_deployed_to_the_pattern_itself(make, pattern):
    from fairlead.server.services import choosing, deployments

    make.release()
    assert deployments.next_release(pattern) is None
    with pytest.raises(DeploymentRefused, match="pattern of reviews"):
        deployments.ask(pattern, choosing.Wanted(release=1), "ada")


def test_reviews_make_no_room_by_removing_releases_of_others(make, pattern):
    from fairlead.server.services import releases
    from fairlead.server.store.models import Release

    ours = make.release()
    for number in range(1, 4):
        bring(proposed(make, str(number), commit=f"{number}" * 40))
    Release.objects.update(state="ready", key="x")
    gone = []
    releases.prune(make.project, 1, SimpleNamespace(remove=gone.append))
    assert Release.objects.get(pk=ours.pk).state == "ready"
    assert gone == []  # what waits to be deployed is needed


def test_the_end_of_a_pull_request_removes_its_place_after_what_is_under_way(make, pattern):
    bring(proposed(make))
    bring(proposed(make, "77"))
    close(make.project)
    review = row()
    assert (review.closing, review.active, review.removed) == (True, False, None)
    assert [(one.state, one.reason) for one in deployments()] == [
        ("cancelled", "cancelled by the end of pull request 7")
    ]
    ((job, lock, status),) = jobs()
    assert (job, lock, status) == (review.job_id, f"environment:{review.pk}", "todo")
    assert not row("staging-77").closing
    assert deployments("staging-77")[0].state == "queued"
    close(make.project)
    assert len(jobs()) == 1


def test_a_verdict_that_comes_after_the_end_brings_nothing_back(make, pattern, tmp_path):
    build = proposed(make)
    bring(proposed(make, "8"))
    (waiting,) = deployments("staging-8")
    close(make.project)
    close(make.project, "8")
    bring(build)
    bring(proposed(make, commit=OTHER))
    assert deployments() == []
    assert row().removed is not None
    assert len(jobs()) == 1  # nothing was ever made for 7
    from fairlead.errors import FairleadError
    from fairlead.server.services import choosing
    from fairlead.server.services import deployments as service_of

    with pytest.raises(Conflict, match="pull request 8 was closed"):
        service_of.ask(row("staging-8"), choosing.Wanted(), "ada")
    with pytest.raises(FairleadError, match="pull request 8 was closed"):
        order_of(waiting, tmp_path)


def test_opened_again_it_gets_a_place_with_its_next_green_build(make, pattern):
    bring(proposed(make))
    close(make.project)
    service().end_removal(row().pk, row().job_id)
    assert row().removed is not None
    service().reopen(make.project, "7")
    assert (row().closing, row().active) == (False, False)
    bring(proposed(make, commit=OTHER))
    review = row()
    assert (review.active, review.removed) == (True, None)
    assert deployments()[-1].state == "queued"


def test_opened_again_before_it_was_removed_it_stays(make, pattern):
    bring(proposed(make))
    close(make.project)
    job = row().job_id
    service().reopen(make.project, "7")
    assert service().removing(row().pk, job) is None
    service().end_removal(row().pk, job)
    assert row().removed is None


def test_the_place_stays_where_it_is_when_the_pattern_moves(make, pattern):
    bring(proposed(make))
    moved = msgspec.structs.replace(
        PATTERN,
        hosts=(Host(address="elsewhere.example.org"),),
        env=(("SITE", "{number}"),),
        wanted=Wanted(databases=("postgres",)),
    )
    make.environments(PRODUCTION, moved)
    bring(proposed(make, commit=OTHER))
    told = row().read()
    assert told.hosts == PATTERN.hosts
    assert (dict(told.env), told.wanted.databases) == ({"SITE": "7"}, ("postgres",))
    assert row().active  # it is no environment of the file that left it


def test_an_environment_of_the_file_is_never_taken_for_a_review(make):
    taken = msgspec.structs.replace(PRODUCTION, name="staging-7")
    make.environments(taken, PATTERN)
    bring(proposed(make))
    assert (row().pull_request, deployments()) == ("", [])
    close(make.project)
    assert not row().closing


def test_removals_that_nobody_carries_out_are_handed_on(make, pattern):
    from django.db import connection

    from fairlead.server.engine.deploysweep import ANYTHING, sweep_deployments
    from fairlead.server.engine.enqueue import give_up

    bring(proposed(make))
    close(make.project)
    assert service().sweep() == 0
    lost = row().job_id
    give_up(lost)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE false {ANYTHING}")
        assert cursor.fetchone()
    assert sweep_deployments(60.0) == 1
    assert row().job_id > lost
    assert service().removing(row().pk, lost) is None
    assert service().removing(row().pk, row().job_id).app.name == "shop-pr-7"


def test_a_person_ends_one_and_has_its_removal_tried_at_once(make, pattern):
    bring(proposed(make))
    service().end(row(), "ada")
    assert [one.reason for one in deployments()] == ["cancelled by ada"]
    service().end(row(), "ada")
    assert len(jobs()) == 1
    service().end_removal(row().pk, row().job_id, "it is away")
    service().end(row(), "ada")
    assert len(jobs()) == 2
    bring(proposed(make, commit=OTHER))
    assert len(deployments()) == 1
    with pytest.raises(UsageError, match="no review environment"):
        service().end(pattern, "ada")


def test_what_a_lost_process_may_have_made_is_removed_again(make, pattern):
    bring(proposed(make))
    (deployment,) = deployments()
    close(make.project)
    service().end_removal(row().pk, row().job_id)
    service().remove_again(deployment.pk)
    assert (row().removed, len(jobs())) == (None, 2)
    bring(proposed(make, "8"))
    service().remove_again(deployments("staging-8")[0].pk)
    assert len(jobs()) == 2


def carried_out(monkeypatch, tmp_path, said=None):
    """Let the engine's task remove it; ``said`` by a stand-in, else by a process of its own."""
    from django.conf import settings

    from fairlead.server.engine import reviewing

    orders = []

    async def start(order):
        orders.append(order)

        async def answers():
            yield said

        return SimpleNamespace(answers=answers)

    if said is not None:
        monkeypatch.setattr(reviewing, "start", start)

    async def apart(work):
        return await asyncio.to_thread(work)

    context = SimpleNamespace(job=SimpleNamespace(id=row().job_id))
    means = SimpleNamespace(told=settings.FAIRLEAD, settings=SimpleNamespace(home=tmp_path))
    asyncio.run(reviewing.remove_review(context, row().pk, means=means, apart=apart))
    return orders


def test_what_is_removed_is_told_and_shown_no_longer(make, pattern, monkeypatch, tmp_path):
    from fairlead.server.engine.apart.orders import Removed

    bring(proposed(make))
    close(make.project)
    (order,) = carried_out(monkeypatch, tmp_path, Removed(hosts=("127.0.0.1",)))
    assert (order.environment.name, order.environment.app.name) == ("staging-7", "shop-pr-7")
    review = row()
    assert (review.live_version, review.job_id) == ("", None)
    assert review.removed is not None
    assert service().sweep() == 0
    assert carried_out(monkeypatch, tmp_path, Removed(hosts=())) == []


def test_hosts_that_are_away_are_asked_again_later(make, pattern, monkeypatch, tmp_path):
    from fairlead.server.store.models import Environment as Row

    monkeypatch.setenv("FAIRLEAD_SSH", str(tmp_path))
    bring(proposed(make))
    close(make.project)
    carried_out(monkeypatch, tmp_path)
    review = row()
    assert "127.0.0.1" in review.trouble
    assert (review.removed, review.tries) == (None, 1)
    assert service().sweep() == 0  # it is not due
    Row.objects.filter(pk=review.pk).update(due=make.now)
    assert service().sweep() == 1
