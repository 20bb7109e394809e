import pytest

from fairlead.model import CoverageGate, Job, Origin, Phase, Plan, Step
from fairlead.runner.keyword import narrow


def narrowed(command, keyword="test_a", **fields):
    step = Step(name="t", command=command, **fields)
    plan = Plan(source="x", origin=Origin.NATIVE, jobs=(Job(id="u", name="u", steps=(step,)),))
    return narrow(plan, keyword).jobs[0]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python -m unittest", "python -m unittest -k test_a"),
        ("python3.12 -m unittest discover -s t", "python3.12 -m unittest discover -k test_a -s t"),
        ("cd x && python manage.py test shop", "cd x && python manage.py test -k test_a shop"),
        ("behave --tags x", "behave -n test_a --tags x"),
        ("cd x; behave", "cd x; behave -n test_a"),
        ("pytest -q", "pytest -q"),
        ("echo misbehave", "echo misbehave"),
    ],
)
def test_each_runner_gets_the_keyword_in_its_own_way(command, expected):
    assert narrowed(command).steps[0].command == expected


def test_pytest_gets_it_by_a_variable():
    job = narrowed("tox", "a or b")
    assert job.env == (("PYTEST_ADDOPTS", "-k 'a or b'"),)


def test_a_keyword_is_quoted_and_never_a_pattern():
    assert narrowed("behave", r"it's \1").steps[0].command == "behave -n 'it'\"'\"'s \\1'"


def test_setting_up_is_left_alone():
    assert narrowed("behave", phase=Phase.SETUP).steps[0].command == "behave"


def test_a_few_tests_are_not_held_to_coverage_and_other_options_stay():
    gated = Job(
        id="u",
        name="u",
        measure_coverage=True,
        coverage=CoverageGate(minimum=90),
        env=(("PYTEST_ADDOPTS", "-x"),),
    )
    plan = narrow(Plan(source="x", origin=Origin.NATIVE, jobs=(gated,)), "a")
    (job,) = plan.jobs
    assert plan.keyword == "a"
    assert (job.measure_coverage, job.coverage) == (False, None)
    assert dict(job.env)["PYTEST_ADDOPTS"] == "-x -k a"
