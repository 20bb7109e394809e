import pytest


def staged(plan):
    return [(job.stage, job.name, job.python) for job in plan.jobs]


def test_without_stages_all_is_test(travis):
    plan = travis("language: python\npython: [3.8, 3.9]")
    assert plan.stages == ("test",)
    assert {job.stage for job in plan.jobs} == {"test"}


def test_an_unnamed_include_is_in_the_stage_of_the_one_before(travis):
    text = """
        language: python
        python: [3.8, 3.9]
        jobs:
          include:
            - {python: 3.11}
            - {stage: docs, script: a}
            - {script: b}
            - {stage: release, script: c}
        """
    plan = travis(text)
    assert [job.stage for job in plan.jobs] == ["test", "test", "test", "docs", "docs", "release"]
    assert plan.stages == ("test", "docs", "release")


def test_a_dropped_include_still_hands_its_stage_on(travis):
    text = """
        language: python
        jobs:
          include:
            - {stage: docs, script: a, if: tag IS present}
            - {script: b}
        """
    assert [job.stage for job in travis(text).jobs] == ["docs"]


def test_the_order_is_that_of_the_key_and_then_of_appearance(travis):
    text = """
        language: python
        stages: [lint, test]
        jobs:
          include:
            - {stage: zoo, script: a}
            - {stage: test, script: b}
            - {stage: lint, script: c}
            - {stage: art, script: d}
        """
    plan = travis(text)
    assert plan.stages == ("lint", "test", "zoo", "art")
    assert [job.stage for job in plan.jobs] == ["lint", "test", "zoo", "art"]


def test_stage_names_are_equal_in_any_case(travis):
    text = """
        language: python
        stages: [{name: Test}, {name: Deploy}]
        jobs: {include: [{script: a}, {stage: deploy, script: b}, {stage: TEST, script: c}]}
        """
    plan = travis(text)
    assert plan.stages == ("Test", "Deploy")
    assert [job.stage for job in plan.jobs] == ["Test", "Test", "Deploy"]
    assert dict(plan.jobs[0].env)["TRAVIS_BUILD_STAGE_NAME"] == "Test"


def test_the_condition_of_a_stage(travis):
    text = """
        language: python
        stages: [test, {name: deploy, if: branch = master AND type = push}]
        jobs: {include: [{script: a}, {stage: deploy, script: b}]}
        """
    assert travis(text).stages == ("test", "deploy")
    plan = travis(text, branch="other")
    assert plan.stages == ("test",)
    assert plan.skipped[0].reason == "the condition of stage deploy is not met"


def test_a_stage_without_jobs_is_no_stage(travis):
    assert travis("language: python\nstages: [lint, test]").stages == ("test",)


@pytest.mark.parametrize("stages", ["{name: only}", "only"])
def test_one_stage_needs_no_list(travis, stages):
    text = f"language: python\nstages: {stages}\njobs: {{include: [{{stage: only, script: x}}]}}"
    assert travis(text).stages == ("only",)


def test_allowed_failures_come_last_in_their_stage(travis):
    text = """
        language: python
        jobs:
          include:
            - {python: nightly, script: a}
            - {python: 3.8, script: b}
            - {stage: docs, python: 3.8, script: c}
          allow_failures: [{python: nightly}]
        """
    assert [(s, p) for s, _name, p in staged(travis(text))] == [
        ("test", "3.8"),
        ("test", "nightly"),
        ("docs", "3.8"),
    ]
