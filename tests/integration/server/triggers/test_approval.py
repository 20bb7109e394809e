"""Which builds of strangers' pull requests wait, and what an approval is good for."""

import pytest

FIRST, SECOND = "e" * 40, "f" * 40


@pytest.fixture
def push(send, sample):
    """Send a fork's pull request at a commit; ``action`` makes each delivery another."""

    def deliver(commit=FIRST, action="synchronize", number=None):
        pull = sample("github", "pull_request_fork")
        pull["action"] = action
        pull["pull_request"]["head"]["sha"] = commit
        if number:
            pull["number"] = pull["pull_request"]["number"] = number
        return send("github", "pull_request", pull)[1]

    return deliver


@pytest.fixture
def approve(builds):
    """Approve the newest build."""
    from fairlead.server.services.builds import approve

    return lambda: approve(builds()[-1])


def states(builds):
    return [one.state for one in builds()]


def test_an_approval_is_for_the_commit(push, approve, builds):
    push(FIRST)
    assert states(builds) == ["held"]
    assert approve()
    assert states(builds) == ["queued"]
    push(FIRST, "reopened")
    assert states(builds)[-1] == "queued"
    push(SECOND)
    assert states(builds)[-1] == "held"


def test_a_commit_that_was_pushed_meanwhile_is_not_approved_with_it(push, builds, change):
    from fairlead.server.services.builds import approve

    push(FIRST)
    seen = builds()[0]
    push(SECOND)
    assert not approve(seen)
    assert states(builds) == ["cancelled", "held"]


def test_without_superseding_each_waits_for_itself(push, builds, change):
    from fairlead.server.services.builds import approve

    change(cancel_superseded=False)
    push(FIRST)
    push(SECOND)
    assert approve(builds()[0])
    assert states(builds) == ["queued", "held"]


def test_the_same_commit_in_another_pull_request_waits_again(push, approve, builds):
    push(FIRST)
    approve()
    push(FIRST, number=99)
    assert states(builds)[-1] == "held"


def test_always_holds_what_was_approved_before(push, approve, builds, change):
    change(triggers={"approve": "always"})
    push(FIRST)
    approve()
    push(FIRST, "reopened")
    assert states(builds)[-1] == "held"


def test_never_holds_nothing(push, builds, change):
    change(triggers={"approve": "never"})
    push(FIRST)
    [build] = builds()
    assert (build.state, build.trusted) == ("queued", False)


def test_forks_can_be_left_out(push, builds, change):
    change(triggers={"forks": False})
    assert push(FIRST)["reason"] == "the pull request comes from a fork"
    assert not builds()


def test_what_is_trusted_waits_for_nobody(send, sample, builds, change):
    change(triggers={"approve": "always"})
    send("github", "pull_request", sample("github", "pull_request"))
    assert states(builds) == ["queued"]


def test_a_held_build_that_was_cancelled_counts_as_no_approval(push, builds):
    from fairlead.server.services.builds import cancel

    push(FIRST)
    cancel(builds()[0])
    push(FIRST, "reopened")
    assert states(builds) == ["cancelled", "held"]


def test_a_closed_pull_request_waits_no_longer(push, builds):
    push(FIRST)
    push(FIRST, "closed")
    assert states(builds) == ["cancelled"]


def test_steps_know_where_a_pull_request_comes_from(push, builds):
    from fairlead.model import Trigger

    push(FIRST)
    trigger = builds()[0].read_trigger()
    assert isinstance(trigger, Trigger)
    assert (trigger.source_repository, bool(trigger.source_branch)) == ("mallory/bank", True)
