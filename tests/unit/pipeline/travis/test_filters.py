import pytest

from fairlead.errors import PipelineError


def built(plan):
    return bool(plan.jobs)


@pytest.mark.parametrize(
    ("branches", "branch", "expected"),
    [
        ("{only: master}", "master", True),
        ("{only: [master, dev]}", "dev", True),
        ("{only: [master]}", "dev", False),
        ("[master]", "dev", False),
        ("{except: [dev]}", "dev", False),
        ("{except: [dev]}", "master", True),
        ("{only: [dev], except: [dev]}", "dev", True),
        ("{only: ['/^release-.*$/']}", "release-1", True),
        ("{only: ['/^release-.*$/']}", "old-release-1", False),
        ("{only: ['/ELEASE/i']}", "release-1", True),
        (r"{only: ['/\Av\d+\z/']}", "v12", True),
        ("{except: ['/^wip/']}", "wip-1", False),
        ("{except: ['wip']}", "wip-1", True),
        ("{}", "gh-pages", False),
        ("{except: [dev]}", "gh-pages", False),
        ("{only: [gh-pages]}", "gh-pages", True),
        ("{only: ['/pages/']}", "gh-pages", True),
    ],
)
def test_branches(travis, branches, branch, expected):
    plan = travis(f"language: python\nbranches: {branches}", branch=branch)
    assert built(plan) is expected
    assert bool(plan.skipped) is not expected


def test_names_include_tags(travis):
    text = r"{language: python, branches: {only: [master, '/^v\d/']}}"
    assert built(travis(text, branch=None, event="tag", tag="v1.0"))
    assert not built(travis(text, branch=None, event="tag", tag="draft"))


def test_a_pull_request_is_filtered_by_its_target(travis):
    text = "language: python\nbranches: {only: master}"
    assert built(travis(text, event="pull_request", branch="master", pull_request="1"))


@pytest.mark.parametrize("event", ["local", "manual", "api"])
def test_a_person_who_asks_for_a_build_is_told_and_gets_it(travis, event):
    plan = travis("language: python\nbranches: {only: master}", branch="dev", event=event)
    assert built(plan)
    assert "Travis would not build: branches.only does not list dev" in str(plan.warnings[0])
    assert plan.warnings[0].location.line == 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix [skip ci]", False),
        ("[ci skip] Fix", False),
        ("Fix\n\n[SKIP TRAVIS]", False),
        ("[travis skip]", False),
        ("[skip travis-ci]", False),
        ("skip ci", True),
        ("[skip cid]", True),
        ("Fix", True),
    ],
)
def test_skip_ci(travis, message, expected):
    plan = travis("language: python", message=message)
    assert built(plan) is expected
    if not expected:
        assert "the commit message says [" in plan.skipped[0].reason


def test_cron_and_people_ignore_skip_ci(travis):
    assert built(travis("language: python", message="[skip ci]", event="cron"))
    assert built(travis("language: python", message="[skip ci]", event="local"))
    assert not built(travis("language: python", message="[skip ci]", event="pull_request"))


def test_cron_obeys_the_branch_filter(travis):
    text = "language: python\nbranches: {only: master}"
    assert not built(travis(text, branch="dev", event="cron"))


def test_the_builds_own_condition(travis):
    text = "language: python\nif: type = cron OR tag IS present"
    plan = travis(text)
    assert not built(plan)
    assert "condition does not hold: type = cron OR" in plan.skipped[0].reason
    assert built(travis(text, event="cron"))


def test_a_broken_expression_has_its_place(travis):
    with pytest.raises(PipelineError, match=r"yml:2:19: not a regular expression: /\(/"):
        travis("language: python\nbranches: {only: ['/(/']}")


def test_a_local_run_on_a_tagged_commit_is_of_its_branch(travis):
    text = "language: python\nbranches: {only: master}"
    plan = travis(text, event="local", tag="v1")
    assert plan.warnings == ()
    assert dict(plan.jobs[0].env)["TRAVIS_BRANCH"] == "master"
    assert dict(plan.jobs[0].env)["TRAVIS_TAG"] == "v1"
