"""Which build a worker takes, and when."""

from datetime import timedelta

import pytest

ENDS = ("passed", "failed", "errored", "cancelled")


@pytest.fixture
def unboxed(agents):
    """Starts workers whose builds run without a sandbox, which is quicker."""
    return lambda name, **more: agents(name, FAIRLEAD_SANDBOX="process", **more)


def test_what_is_more_important_goes_first(unboxed, make_project, push, reaches):
    project = make_project()
    builds = [push(project, branch=f"b{level}", priority=level) for level in (0, -3, 7)]
    unboxed("one")
    done = {build.priority: reaches(build, *ENDS) for build in builds}
    assert all(build.state == "passed" for build in done.values())
    assert done[7].started < done[0].started < done[-3].started


def test_a_build_that_was_put_off_begins_when_it_is_due(unboxed, make_project, push, reaches):
    from django.utils import timezone

    project = make_project()
    unboxed("one")
    due = timezone.now() + timedelta(seconds=3)
    later = push(project, branch="later", due=due)
    assert reaches(push(project, branch="sooner"), *ENDS).state == "passed"
    done = reaches(later, *ENDS)
    assert done.state == "passed"
    assert done.started >= due


def test_only_who_has_all_labels_takes_a_build(unboxed, make_project, push, reaches):
    from fairlead.server.store.waiting import why_waiting

    project = make_project()
    unboxed("plain", FAIRLEAD_LABELS="deploy")
    special = push(project, branch="special", labels=["py27", "deploy"])
    assert reaches(push(project, branch="plain"), *ENDS).state == "passed"
    assert why_waiting(reaches(special, "queued")) == "no worker has py27"
    unboxed("both", FAIRLEAD_LABELS="py27,deploy,gpu")
    done = reaches(special, *ENDS)
    assert (done.state, done.worker.name) == ("passed", "both")
