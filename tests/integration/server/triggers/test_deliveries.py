"""Deliveries afterwards: taken again by a person, and forgotten in time."""

from datetime import timedelta

import pytest

from fairlead.errors import UsageError


@pytest.fixture
def services(database):
    from fairlead.server.services import deliveries

    return deliveries


def test_a_replay_makes_a_new_build_and_says_of_what(send, sample, services, builds, kept):
    send("github", "push", sample("github", "push"))
    [first] = kept()
    again = services.replay(first)
    assert (again.fate, again.replay, again.replay_of, again.numbers) == ("built", True, first, [2])
    assert [one.commit for one in builds()] == [builds()[0].commit] * 2
    third = services.replay(again)
    assert (third.replay_of, third.numbers) == (first, [3])


def test_a_replay_is_no_reason_to_build_the_next_sending(send, sample, services, builds):
    send("github", "push", sample("github", "push"))
    services.replay(type(builds()[0].deliveries.get()).objects.get())
    assert send("github", "push", sample("github", "push"))[1]["fate"] == "repeated"
    assert len(builds()) == 2


def test_a_replay_is_held_against_the_present_filters(send, sample, services, change, kept):
    change(triggers={"branches": ["other"]})
    send("github", "push", sample("github", "push"))
    assert services.replay(kept()[0]).fate == "ignored"
    change(triggers={})
    assert services.replay(kept()[0]).fate == "built"


def test_a_replay_builds_also_where_the_remote_is_looked_at(send, sample, services, change, kept):
    change(poll_every=60)
    send("github", "push", sample("github", "push"))
    assert services.replay(kept()[0]).fate == "built"


def test_a_replay_of_what_told_of_nothing(send, sample, services, kept):
    send("github", "ping", sample("github", "ping"))
    send("github", "push", sample("github", "push"), secret="forged")
    for delivery in kept():
        with pytest.raises(UsageError, match="nothing can be built"):
            services.replay(delivery)


def test_a_replay_of_a_fork_waits_as_the_fork_did(send, sample, services, builds, kept):
    from fairlead.server.services.builds import approve

    send("github", "pull_request", sample("github", "pull_request_fork"))
    services.replay(kept()[0])
    assert [one.state for one in builds()] == ["cancelled", "held"]
    approve(builds()[1])
    services.replay(kept()[0])
    assert [one.state for one in builds()] == ["cancelled", "cancelled", "queued"]


def make(project, count, fate, days=0):
    from django.utils import timezone

    from fairlead.server.store.models import Delivery

    rows = [
        Delivery(project=project, source="github", key=f"{fate}{n}", body=b"x", fate=fate)
        for n in range(count)
    ]
    Delivery.objects.bulk_create(rows)
    received = timezone.now() - timedelta(days=days)
    Delivery.objects.filter(fate=fate).update(received=received)


def test_the_newest_are_kept_whole(project, services, kept):
    make(project, 505, "ignored")
    make(project, 103, "refused")
    assert services.expire() == 8
    assert services.expire() == 0
    ignored = [bytes(one.body) for one in kept() if one.fate == "ignored"]
    assert ignored == [b""] * 5 + [b"x"] * 500
    assert sum(one.fate == "refused" for one in kept()) == 100


def test_the_oldest_are_forgotten_but_not_that_they_came(project, send, sample, services, kept):
    from fairlead.server.store.models import Delivery

    send("github", "push", sample("github", "push"))
    send("github", "push", sample("github", "push"))
    month = timedelta(days=31)
    for one in kept():
        Delivery.objects.filter(pk=one.pk).update(received=one.received - month)
    assert services.expire() == 2
    [built] = kept()
    assert (built.fate, bytes(built.body), built.numbers) == ("built", b"", [1])
    assert send("github", "push", sample("github", "push"))[1]["fate"] == "repeated"
    with pytest.raises(UsageError):
        services.replay(built)
    Delivery.objects.update(received=built.received - timedelta(days=400))
    services.expire()
    assert not kept()
