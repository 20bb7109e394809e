"""What each forge tells of the end of a pull request, and what becomes of its environment."""

import copy
import itertools

import pytest

EVENTS = {
    "github": ("pull_request", "pull_request"),
    "gitlab": ("Merge Request Hook", "merge_request"),
    "gitea": ("pull_request", "pull_request"),
}
OPENED = {"github": "opened", "gitlab": "open", "gitea": "opened"}
CLOSED = {"github": "closed", "gitlab": "close", "gitea": "closed"}
REOPENED = {"github": "reopened", "gitlab": "reopen", "gitea": "reopened"}
ENDS = [*CLOSED.items(), ("gitlab", "merge")]


@pytest.fixture
def tell(send, sample):
    """Deliver something that happened to pull request 7 (or ``number``)."""

    count = itertools.count()

    def deliver(forge, action, *, number=7):
        event, name = EVENTS[forge]
        pull = copy.deepcopy(sample(forge, name))
        of = pull["object_attributes"] if forge == "gitlab" else pull
        of["action"] = action
        of["iid" if forge == "gitlab" else "number"] = number
        if forge == "github":
            # No two deliveries are alike: they tell the time, too.
            pull["pull_request"] |= {"number": number, "title": f"Title {next(count)}"}
        return send(forge, event, pull)

    return deliver


@pytest.fixture
def review(project):
    """Have a pull request's newest build pass and followed; returns its environment."""
    from fairlead.model.environment import App, Environment, Host
    from fairlead.server.services.environments import renew

    hosts = (Host(address="one.example.org"),)
    domains = ("pr-{number}.example.org",)
    told = Environment(
        name="staging", review=True, hosts=hosts, app=App(name="bank"), domains=domains
    )
    renew(project, [told], "0" * 40)

    def follow(number=7):
        from fairlead.server.engine.following import follow
        from fairlead.server.store.models import Build
        from fairlead.server.store.models import Environment as Row

        builds = Build.objects.filter(pull_request=str(number)).order_by("-id")
        Build.objects.filter(pk=builds.first().pk).update(state="passed")
        follow(builds.first().pk, None, None)
        return Row.objects.filter(pull_request=str(number)).first()

    return follow


@pytest.mark.parametrize(("forge", "end"), ENDS)
def test_closed_or_merged_its_environment_goes_and_no_other(forge, end, tell, review):
    tell(forge, OPENED[forge])
    tell(forge, OPENED[forge], number=77)
    mine, other = review(7), review(77)
    assert (mine.name, mine.active, other.name) == ("staging-7", True, "staging-77")
    status, said, _ = tell(forge, end)
    assert (status, said["reason"]) == (200, "pull request 7 was closed")
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.closing, mine.job_id is None) == (True, False)
    assert (other.closing, other.active) == (False, True)


@pytest.mark.parametrize("forge", list(EVENTS))
def test_only_who_opens_it_again_gets_one_again(forge, tell, review):
    tell(forge, OPENED[forge])
    before = review(7)
    tell(forge, CLOSED[forge])
    assert review(7).closing
    tell(forge, REOPENED[forge])
    after = review(7)
    assert (after.pk, after.closing, after.active) == (before.pk, False, True)


def test_an_old_delivery_played_again_brings_nothing_back(tell, review, kept):
    from fairlead.server.services.deliveries import replay

    tell("github", "opened")
    review(7)
    tell("github", "closed")
    tell("github", "reopened")
    tell("github", "closed")
    replay(kept()[2])
    assert review(7).closing
