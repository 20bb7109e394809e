from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Job, Origin, Outcome, Plan
from fairlead.runner.schedule import Schedule


def plan(*jobs, stages=("check", "test", "docs"), **fields):
    return Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=jobs, stages=stages, **fields)


def job(name, **fields):
    return Job(id=name, name=name, **fields)


def drain(schedule):
    taken = []
    while found := schedule.take():
        taken.append(found.id)
    return taken


def test_a_stage_waits_for_the_required_jobs_of_the_one_before():
    schedule = Schedule(plan(job("b"), job("a", stage="check")), {})
    assert drain(schedule) == ["a"]
    schedule.finish("a", Outcome.PASSED)
    assert drain(schedule) == ["b"]


def test_an_allowed_failure_holds_nobody_up():
    schedule = Schedule(plan(job("slow", stage="check", allow_failure=True), job("b")), {})
    assert drain(schedule) == ["slow", "b"]


def test_needs_replace_the_order_of_stages():
    schedule = Schedule(plan(job("a", stage="docs"), job("b", needs=("a",), stage="check")), {})
    assert drain(schedule) == ["a"]
    schedule.finish("a", Outcome.PASSED)
    assert drain(schedule) == ["b"]


def test_what_a_failure_dooms_is_dropped_down_the_line():
    schedule = Schedule(
        plan(job("a"), job("b", needs=("a",)), job("c", needs=("b",)), job("d", stage="docs")), {}
    )
    assert drain(schedule) == ["a"]
    schedule.finish("a", Outcome.FAILED)
    dropped = {found.id: why for found, why in schedule.drop()}
    assert dropped == {
        "b": "needs a, which failed",
        "c": "needs b, which was cancelled",
        "d": "a of stage test failed",
    }
    assert schedule.done


def test_the_longest_job_of_a_stage_starts_first():
    schedule = Schedule(plan(job("short"), job("long")), {"short": 1.0, "long": 9.0})
    assert drain(schedule) == ["long", "short"]


def test_fail_fast_says_which_job_stopped_the_others():
    schedule = Schedule(plan(job("a"), job("b"), fail_fast=True), {})
    assert schedule.must_stop == ""
    drain(schedule)
    schedule.finish("a", Outcome.FAILED)
    assert schedule.must_stop == "a failed (fail_fast)"


def test_the_verdict_is_decided_without_allowed_failures():
    schedule = Schedule(plan(job("a"), job("b", allow_failure=True)), {})
    drain(schedule)
    assert not schedule.decided
    schedule.finish("a", Outcome.PASSED)
    assert schedule.decided
    assert not schedule.done


@st.composite
def plans(draw):
    count = draw(st.integers(1, 7))
    jobs = []
    for place in range(count):
        needs = draw(st.sets(st.integers(0, place - 1), max_size=2)) if place else set()
        jobs.append(
            job(
                f"j{place}",
                needs=tuple(f"j{n}" for n in sorted(needs)),
                stage=draw(st.sampled_from(["check", "test", "docs"])) if not needs else "test",
                allow_failure=draw(st.booleans()),
            )
        )
    return plan(*jobs)


@given(plans(), st.data())
def test_every_job_ends_once_and_none_before_what_it_needs(made, data):
    schedule = Schedule(made, {})
    ends, running = {}, []
    while True:
        for dropped, _ in schedule.drop():
            ends[dropped.id] = Outcome.CANCELLED
        running.extend(drain(schedule))
        if not running:
            break
        name = running.pop(data.draw(st.integers(0, len(running) - 1)))
        by_id = {found.id: found for found in made.jobs}
        assert name not in ends
        assert all(need in ends for need in by_id[name].needs)
        ends[name] = data.draw(st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED]))
        schedule.finish(name, ends[name])
    assert schedule.done
    assert set(ends) == {found.id for found in made.jobs}
