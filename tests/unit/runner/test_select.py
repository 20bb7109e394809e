import pytest

from fairlead.errors import UsageError
from fairlead.model import Job, Origin, Plan, Skipped
from fairlead.runner.select import Selection, select


@pytest.fixture
def plan():
    return Plan(
        source="fairlead.yml",
        origin=Origin.NATIVE,
        jobs=(
            Job(id="lint", name="lint", python="3.12", stage="check"),
            Job(id="unit-3.11", name="unit", python="3.11", needs=("lint",)),
            Job(id="unit-3.12", name="unit", python="3.12", needs=("lint",)),
        ),
        skipped=(Skipped(job="release", reason="when: branch is not main"),),
    )


def ids(plan):
    return [job.id for job in plan.jobs]


def test_a_name_stands_for_all_its_cells(plan):
    chosen = select(plan, Selection(names=("unit",)))
    assert ids(chosen) == ["unit-3.11", "unit-3.12"]
    assert all(job.needs == () for job in chosen.jobs)
    assert Skipped(job="lint", reason="not selected") in chosen.skipped


def test_limits_are_combined(plan):
    assert ids(select(plan, Selection(names=("unit",), pythons=("3.12",)))) == ["unit-3.12"]
    assert ids(select(plan, Selection(stages=("check",)))) == ["lint"]
    assert ids(select(plan, Selection(only=frozenset(["unit-3.11"])))) == ["unit-3.11"]


def test_what_is_kept_keeps_needing_what_is_kept(plan):
    chosen = select(plan, Selection(pythons=("3.12",)))
    assert chosen.jobs[1].needs == ("lint",)


def test_nothing_selected_is_everything(plan):
    assert select(plan, Selection()) is plan


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(names=("unti",)), "no job 'unti' in the plan\n  did you mean unit?"),
        (Selection(names=("release",)), "release does not run: when: branch is not main"),
        (Selection(pythons=("2.7",)), "no Python '2.7' in the plan\n  the plan has: 3.11, 3.12"),
        (Selection(names=("lint",), pythons=("3.11",)), "no job of the plan fits"),
    ],
)
def test_a_wrong_name_says_what_there_is(plan, selection, message):
    with pytest.raises(UsageError) as caught:
        select(plan, selection)
    assert message in str(caught.value)
