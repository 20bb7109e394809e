"""Who waits for whom."""

import pytest


def needs(plan):
    return {job.id: list(job.needs) for job in plan.jobs}


def test_without_the_same_axes_all_cells_are_needed(make):
    plan = make("""
        jobs:
          unit: {run: x, python: [3.11, 3.12]}
          pack: {run: x, python: 3.12, needs: unit}
          more: {run: x, matrix: {DB: [a]}, needs: [pack, unit, pack]}
    """)
    assert needs(plan)["pack"] == ["unit-3.11", "unit-3.12"]
    assert needs(plan)["more-a"] == ["pack", "unit-3.11", "unit-3.12"]


def test_with_the_same_axes_the_cell_with_the_same_values_is_needed(make):
    plan = make("""
        python: [3.11, 3.12]
        jobs:
          build: x
          unit: {run: x, needs: build}
          late: {run: x, python: [3.12, 3.13], needs: build}
    """)
    found = needs(plan)
    assert found["unit-3.11"] == ["build-3.11"]
    assert found["unit-3.12"] == ["build-3.12"]
    assert found["late-3.12"] == ["build-3.12"]
    assert found["late-3.13"] == ["build-3.11", "build-3.12"]


def test_the_order_of_axes_does_not_matter(make):
    plan = make("""
        jobs:
          a: {run: x, matrix: {X: [1, 2], Y: [3]}}
          b: {run: x, matrix: {Y: [3], X: [1, 2]}, needs: a}
    """)
    assert needs(plan)["b-3-2"] == ["a-2-3"]


def test_a_job_can_need_one_that_stands_below_it(make):
    assert needs(make("jobs: {a: {run: x, needs: b}, b: x}")) == {"a": ["b"], "b": []}


def test_jobs_that_need_a_skipped_one_are_skipped(make):
    plan = make(
        """
        jobs:
          d: {run: x, needs: [a, c]}
          c: {run: x, needs: b}
          b: {run: x, when: {branch: main}}
          a: x
    """,
        branch="dev",
    )
    assert [job.id for job in plan.jobs] == ["a"]
    assert [(s.job, s.reason) for s in plan.skipped] == [
        ("d", "needs c, which does not run"),
        ("c", "needs b, which does not run"),
        ("b", "when: branch is dev, not main"),
    ]


@pytest.mark.parametrize(
    ("needed", "cycle"),
    [
        ({"a": "a"}, ["a -> a"]),
        ({"a": "b", "b": "a"}, ["a -> b -> a"]),
        ({"a": "b", "b": "c", "c": "b"}, ["b -> c -> b"]),
        ({"a": "b", "b": "a", "c": "d", "d": "c"}, ["a -> b -> a", "c -> d -> c"]),
    ],
)
def test_each_cycle_is_named_once(complaints, needed, cycle):
    lines = "\n".join(f"  {name}: {{run: x, needs: {need}}}" for name, need in needed.items())
    found = complaints(f"jobs:\n{lines}")
    assert [line.split("each other: ")[1] for line in found] == cycle


def test_a_long_chain_is_no_cycle(make):
    jobs = ["  j0: x"] + [f"  j{n}: {{run: x, needs: j{n - 1}}}" for n in range(1, 900)]
    assert needs(make("jobs:\n" + "\n".join(reversed(jobs))))["j899"] == ["j898"]
