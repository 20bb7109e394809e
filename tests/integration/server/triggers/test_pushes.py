"""Pushes to builds, against a real database; no worker runs here."""

import pytest

from fairlead.errors import RepositoryError
from fairlead.triggers.push import ref_update

NONE = "0" * 40


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="sample")


@pytest.fixture
def asked():
    """The refs that were looked up."""
    return []


@pytest.fixture
def receive(project, asked):
    """Receive updates as hosting does; facts are those of ``facts`` or of the update alone."""
    from fairlead.server.services.pushes import CommitFacts, receive_push
    from fairlead.server.store.models import Project

    def call(*updates, key="k1", source="push", facts=None, **options):
        def look_up(update):
            asked.append(update.ref.full)
            if isinstance(facts, Exception):
                raise facts
            return CommitFacts(commit=update.after, **(facts or {}))

        now = Project.objects.get(pk=project.pk)
        return receive_push(now, updates, source=source, key=key, look_up=look_up, **options)

    return call


def moved(name="refs/heads/main", before="a", after="b"):
    return ref_update(name, before * 40, after * 40)


def deliveries():
    from fairlead.server.store.models import Delivery

    return list(Delivery.objects.order_by("id"))


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def change(project, **fields):
    type(project).objects.filter(pk=project.pk).update(**fields)


def test_a_push_is_built_with_what_the_repository_knows(receive, project):
    facts = {"message": "Fix", "author": "Ann", "changed": ("a.py",), "forced": True}
    [accepted] = receive(moved(), facts=facts)
    [build], [delivery] = builds(), deliveries()
    assert accepted.build == build
    assert (build.branch, build.commit, build.message, build.author) == (
        "main",
        "b" * 40,
        "Fix",
        "Ann",
    )
    trigger = build.read_trigger()
    assert (trigger.event, trigger.base, trigger.forced) == ("push", "a" * 40, True)
    assert (delivery.fate, delivery.build, delivery.numbers) == ("built", build, [1])
    assert bytes(delivery.body) == f"{'a' * 40} {'b' * 40} refs/heads/main\n".encode()


def test_the_same_key_makes_no_second_build(receive, asked):
    receive(moved())
    [again] = receive(moved())
    assert len(builds()) == 1
    assert again.build is None
    assert "came before, as delivery" in again.reason
    assert [one.fate for one in deliveries()] == ["built", "repeated"]
    assert deliveries()[1].numbers == [1]
    assert asked == ["refs/heads/main"]


def test_another_source_or_key_is_another_push(receive):
    receive(moved())
    receive(moved(after="c"), key="k2")
    receive(moved(after="d"), source="other")
    assert len(builds()) == 3


def test_ten_thousand_refs_build_the_default_branch_alone(receive, asked):
    refs = [moved(f"refs/heads/b{number}", "0") for number in range(9_999)]
    accepted = receive(*refs, moved(before="0"))
    assert [one.branch for one in builds()] == ["main"]
    assert asked == ["refs/heads/main"]
    assert len(accepted) == 10_000
    assert accepted[-1].build
    assert accepted[0].reason == "one push moved 10,000 refs, and at most 20 are built at once"
    assert deliveries()[0].size > 900_000


def test_filters_come_before_that_limit(receive, project, asked):
    change(project, triggers={"branches": ["b1", "b2"]})
    receive(*(moved(f"refs/heads/b{number}", "0") for number in range(100)))
    assert [one.branch for one in builds()] == ["b1", "b2"]
    assert len(asked) == 2


def test_what_the_message_and_the_paths_say(receive, project):
    [skipped] = receive(moved(), facts={"message": "Typo [skip ci]"})
    assert skipped.reason == "the message says [skip ci]"
    change(project, triggers={"paths": ["src/"]})
    [other] = receive(moved(), key="k2", facts={"changed": ("README",)})
    assert other.reason == "no changed path is src/"
    [unknown] = receive(moved(), key="k3")
    assert unknown.build
    assert [one.fate for one in deliveries()] == ["ignored", "ignored", "built"]


def test_an_option_of_the_push(receive, asked):
    [accepted] = receive(moved(), options=("ci.skip",))
    assert (accepted.build, accepted.reason, asked) == (None, "the push said ci.skip", [])


def test_a_deleted_branch_ends_what_waits_of_it(receive):
    from fairlead.server.store.models import Build, State

    receive(moved(), moved("refs/heads/other"), moved("refs/tags/v1", "0"))
    receive(moved("refs/heads/main", after="0"), moved("refs/tags/v1", after="0"), key="k2")
    assert [one.state for one in builds()] == ["cancelled", "queued", "cancelled"]
    assert builds()[0].reason == "the branch main was deleted"
    Build.objects.filter(branch="other").update(state=State.RUNNING)
    receive(moved("refs/heads/other", after="0"), key="k3")
    assert builds()[1].state == "running"


def test_refs_that_nothing_is_built_of(receive, asked):
    accepted = receive(
        moved("refs/notes/commits"), moved(after="a"), moved("refs/tags/v1", after="0")
    )
    assert [one.build for one in accepted] == [None] * 3
    assert asked == []
    assert "neither a branch nor a tag" in deliveries()[0].reason


def test_an_empty_push_is_kept(receive):
    assert receive() == []
    assert [one.fate for one in deliveries()] == ["ignored"]


def test_a_commit_that_cannot_be_read_is_said(receive):
    accepted = receive(moved(), facts=RepositoryError("it is no commit"))
    assert accepted[0].reason == "main: it is no commit"
    assert not builds()


def test_settings_that_cannot_be_read_build_nothing(receive, project):
    change(project, triggers={"brunches": ["main"]})
    [accepted] = receive(moved())
    assert "triggers cannot be read" in accepted.reason
    assert not builds()


def test_a_disabled_project_and_bad_labels(receive, project):
    change(project, enabled=False)
    assert "disabled" in receive(moved())[0].reason
    change(project, enabled=True, labels=["no label"])
    assert "label" in receive(moved(), key="k2")[0].reason
    assert not builds()


def test_a_look_at_a_remote_builds_nothing_that_a_webhook_built(receive):
    receive(moved(), source="github")
    [known] = receive(moved(), source="poll")
    assert known.reason == "build 1 is of this commit already"
    receive(moved(after="c"), source="poll", key="k2")
    receive(moved(before="c"), source="poll", key="k3")
    assert [one.commit[0] for one in builds()] == ["b", "c", "b"]


def test_two_at_once_make_one_build(receive):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    def one(_number):
        try:
            return receive(moved())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert len(builds()) == 1
    assert sorted(one.fate for one in deliveries()) == ["built"] + ["repeated"] * 3
