"""What may be deployed, what waits for what, and who has to agree."""

import pytest

from fairlead.errors import Conflict, DeploymentRefused, NotFound, UsageError

OTHER = "f" * 40


def service():
    from fairlead.server.services import deployments

    return deployments


def ask(environment, by="ada", *, force=False, automatic=False, hosts=(), **wanted):
    from fairlead.server.services.choosing import Wanted

    wish = service().Wish(force=force, automatic=automatic, hosts=hosts)
    return service().ask(environment, Wanted(**wanted), by, wish)


def again(row):
    return type(row).objects.get(pk=row.pk)


def jobs():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, lock, status::text FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') ORDER BY id"
        )
        return cursor.fetchall()


def test_a_release_is_handed_to_a_worker(make):
    environment, release = make.environment(), make.release()
    deployment = ask(environment, release=1)
    assert (deployment.number, deployment.state, deployment.release) == (1, "queued", release)
    assert (deployment.version, deployment.by) == (release.version, "ada")
    assert deployment.committed == again(release).committed
    assert ("run_deployment", f"environment:{environment.pk}", "todo") in jobs()


def test_a_build_that_has_no_release_yet_gets_one_and_is_waited_for(make):
    environment, build = make.environment(), make.build()
    deployment = ask(environment, build=1)
    assert (deployment.job_id, deployment.reason) == (None, "it waits for release 1")
    from fairlead.server.store.models import Release

    release = Release.objects.get(build=build)
    assert ("make_release", f"release:{release.pk}", "todo") in jobs()
    Release.objects.filter(pk=release.pk).update(state="ready")
    assert service().move_on(release=release) == 1
    assert again(deployment).job_id is not None


def test_a_release_that_cannot_be_made_refuses_what_waits_for_it(make):
    environment, build = make.environment(), make.build()
    deployment = ask(environment, build=1)
    build.releases.update(state="failed", reason="no wheel for numpy")
    service().move_on(release=build.releases.get())
    now = again(deployment)
    assert (now.state, now.sentence) == (
        "refused",
        "release 1 could not be made: no wheel for numpy",
    )


@pytest.mark.parametrize("verdict", ["failed", "errored", "cancelled"])
def test_a_build_that_does_not_pass_refuses_what_waits_for_it(make, verdict):
    environment, build = make.environment(), make.build("running")
    deployment = ask(environment, build=1)
    assert deployment.reason == "it waits for build 1"
    type(build).objects.filter(pk=build.pk).update(state=verdict)
    service().move_on(build=build)
    assert (again(deployment).state, again(deployment).reason) == ("refused", f"build 1 {verdict}")


def test_what_did_not_pass_is_refused_and_forced_for_the_record(make):
    environment = make.environment()
    make.build("failed")
    with pytest.raises(DeploymentRefused, match="did not pass"):
        ask(environment, build=1)
    deployment = ask(environment, build=1, force=True)
    assert (deployment.forced, deployment.overruled) == (True, "its build did not pass")


def test_another_branch_than_the_rules_name_is_refused(make):
    environment = make.environment(branches=("master", "release/*"))
    make.release(make.build(branch="develop"))
    with pytest.raises(DeploymentRefused, match="takes branch master or release"):
        ask(environment, release=1)
    assert ask(environment, release=1, force=True).forced
    make.release(make.build(branch="release/7", commit=OTHER))
    assert not ask(environment, release=2).forced


def test_a_tag_may_go_where_tags_may(make):
    environment = make.environment(tags=("v*",))
    make.release(make.build(branch="", tag="v1.2"))
    assert ask(environment, release=1).state == "queued"


def test_proposed_changes_are_never_deployed(make):
    environment = make.environment()
    make.build(pull_request="7")
    with pytest.raises(UsageError, match="proposed change"):
        ask(environment, build=1, force=True)


def test_the_newest_that_may_go_there_is_what_is_meant_without_words(make):
    environment = make.environment(branches=("master",))
    make.build(branch="master")
    make.build(branch="develop", commit=OTHER)
    make.build("failed", branch="master", commit=OTHER)
    assert ask(environment).build.number == 1


def test_nothing_that_passed_is_told(make):
    with pytest.raises(UsageError, match="nothing that passed"):
        ask(make.environment())


def test_an_environment_that_left_the_file_takes_nothing(make):
    environment = make.environment("old")
    make.release()
    make.environment("new")
    with pytest.raises(Conflict, match="not in the pipeline file"):
        ask(again(environment), release=1)


def test_an_unknown_environment_is_told_with_one_that_is_alike(make, project):
    from fairlead.server.services.environments import named

    make.environment("production")
    with pytest.raises(NotFound) as told:
        named(project, "prodution")
    assert told.value.hint == "did you mean production?"


def test_unknown_hosts_are_told_with_those_there_are(make):
    make.release()
    with pytest.raises(UsageError) as told:
        ask(make.environment(), release=1, hosts=["two.example.org"])
    assert "one.example.org" in told.value.hint


def test_a_second_person_has_to_agree(make):
    environment = make.environment(approval=True)
    make.release()
    deployment = ask(environment, release=1)
    assert (deployment.state, jobs_of_deployments()) == ("held", [])
    asker = service().Asker
    with pytest.raises(DeploymentRefused, match="somebody else"):
        service().approve(deployment, asker(name="ada"))
    with pytest.raises(DeploymentRefused, match="a person"):
        service().approve(deployment, asker(name="robot", person=False))
    service().approve(deployment, asker(name="grace"))
    now = again(deployment)
    assert (now.state, now.approved_by, len(jobs_of_deployments())) == ("queued", "grace", 1)
    with pytest.raises(Conflict):
        service().approve(deployment, asker(name="grace"))


def jobs_of_deployments():
    return [job for job in jobs() if job[0] == "run_deployment"]


def test_what_waits_can_be_cancelled_and_leaves_the_queue(make):
    deployment = make.environment(), make.release()
    deployment = ask(deployment[0], release=1)
    assert service().cancel(deployment, "grace")
    assert (again(deployment).state, jobs_of_deployments()) == ("cancelled", [])
    assert not service().cancel(deployment, "grace")


def test_what_runs_is_only_told_to_stop(make):
    make.release()
    deployment = ask(make.environment(), release=1)
    type(deployment).objects.filter(pk=deployment.pk).update(state="running")
    assert service().cancel(deployment, "grace")
    now = again(deployment)
    assert (now.state, now.stopping, now.reason) == ("running", True, "cancelled by grace")


def test_newer_automatic_ones_supersede_those_that_wait(make):
    environment = make.environment()
    make.release()
    make.release(make.build(commit=OTHER))
    by_hand = ask(environment, release=1)
    first = ask(environment, service().AUTOMATIC, automatic=True, release=1)
    second = ask(environment, service().AUTOMATIC, automatic=True, release=2)
    assert [again(one).state for one in (by_hand, first, second)] == [
        "queued",
        "cancelled",
        "queued",
    ]
    assert again(first).reason == "superseded by deployment 3"


def test_back_to_what_was_live_before(make):
    environment = make.environment()
    with pytest.raises(UsageError, match="nothing was live"):
        service().roll_back(environment, "ada")
    first, second = make.release(), make.release(make.build(commit=OTHER))
    make.lived(environment, first, ago=9)
    make.lived(environment, second, ago=1)
    deployment = service().roll_back(environment, "ada")
    assert (deployment.kind, deployment.release, deployment.state) == ("rollback", first, "queued")
    assert deployment.previous == second.version


def test_back_needs_no_second_person_but_a_release_that_is_kept(make):
    environment = make.environment(approval=True)
    first = make.release()
    make.lived(environment, first)
    assert service().roll_back(environment, "ada", to=1).state == "queued"
    type(first).objects.filter(pk=first.pk).update(state="expired", key="")
    with pytest.raises(UsageError, match="not kept"):
        service().roll_back(environment, "ada", to=1)


def test_nothing_goes_back_to_what_was_never_live_there(make):
    environment = make.environment(approval=True, branches=("main",))
    make.lived(environment, make.release())
    tried = make.release(make.build(commit=OTHER))
    make.lived(environment, tried, state="rolled back")
    proposed = make.release(make.build(commit="d" * 40))
    type(proposed).objects.filter(pk=proposed.pk).update(pull_request="7", trusted=False)
    for number in (2, 3):
        with pytest.raises(UsageError, match=f"{number} was never live in production"):
            service().roll_back(environment, "ada", to=number)


def test_old_releases_go_but_for_those_that_are_or_were_live(make, tmp_path):
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.services import releases

    environment = make.environment()
    made = [make.release(make.build(commit=f"{n}" * 40)) for n in range(1, 7)]
    storage = FolderStorage(tmp_path)
    for one in made:
        storage.write(one.key, [b"file"])
    make.lived(environment, made[0], ago=9)
    make.lived(environment, made[1], ago=8)
    assert releases.prune(made[0].project, 2, storage) == 2
    assert [again(one).state for one in made] == [
        "ready", "ready", "expired", "expired", "ready", "ready",
    ]  # fmt: skip


def test_no_release_goes_while_a_backup_is_made(make, database, tmp_path):
    import psycopg

    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.operating.locks import LOCK
    from fairlead.server.services import releases

    made = [make.release(make.build(commit=f"{n}" * 40)) for n in (1, 2)]
    with psycopg.connect(database) as backup:
        backup.execute("SELECT pg_advisory_lock_shared(%s)", (LOCK,))
        assert releases.prune(made[0].project, 1, FolderStorage(tmp_path)) == 0
    assert releases.prune(made[0].project, 1, FolderStorage(tmp_path)) == 1


def test_a_project_goes_with_its_releases_but_not_while_one_is_deployed(make, tmp_path):
    from fairlead.errors import Conflict
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.services.projects import remove
    from fairlead.server.store.models import Deployment, Project, Release

    environment, release = make.environment(), make.release()
    storage = FolderStorage(tmp_path)
    storage.write(release.key, [b"file"])
    waiting, running = ask(environment, release=1), ask(environment, release=1)
    Deployment.objects.filter(pk=running.pk).update(state="running")
    with pytest.raises(Conflict, match="under way"):
        remove(release.project, storage)
    assert (again(waiting).state, again(running).stopping) == ("cancelled", True)
    with pytest.raises(Conflict, match="disabled"):
        ask(again(environment), release=1)
    Deployment.objects.filter(pk=running.pk).update(state="rolled back")
    remove(release.project, storage)
    assert not Project.objects.exists()
    assert not Release.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
