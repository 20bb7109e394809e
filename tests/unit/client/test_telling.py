from fairlead.client.telling import Teller
from fairlead.client.values import Attempt, Build, Counts, Job, Step, TestCase
from fairlead.model import (
    JobFinished,
    JobStarted,
    RunStarted,
    StepFinished,
    StepStarted,
    TestFinished,
)

FAILED = [
    TestCase(id=7, name="test_a", node="t.py::test_a", message="no"),
    TestCase(id=9, name="test_b"),
]


def build(*jobs, state="running"):
    return Build(id=1, project="shop", number=3, state=state, jobs=jobs)


def job(state="running", attempts=(), tests=(0, 0, 0), **more):
    counts = Counts(passed=tests[0], bad=tests[1], skipped=tests[2])
    return Job(place=1, key="unit", state=state, attempts=attempts, tests=counts, **more)


def attempt(number=1, state="running", *steps):
    return Attempt(number=number, state=state, steps=steps)


def teller():
    return Teller(lambda _job, _attempt, after: [test for test in FAILED if test.id > after])


def kinds(events):
    return [type(event) for event in events]


def test_nothing_is_told_before_there_is_a_plan():
    assert list(teller().tell(build(state="queued"))) == []


def test_each_thing_is_told_once():
    told = teller()
    running = build(job(attempts=(attempt(1, "running", Step(name="pytest", state="running")),)))
    assert kinds(told.tell(running)) == [RunStarted, JobStarted, StepStarted]
    assert kinds(told.tell(running)) == []
    tested = build(job(attempts=running.jobs[0].attempts, tests=(3, 1, 1)))
    assert kinds(told.tell(tested)) == [TestFinished] * 6  # both that there are by now
    steps = (Step(name="pytest", state="failed", code=1),)
    ended = build(
        job(
            "failed", (attempt(1, "failed", *steps),), (3, 2, 1), reason="exit code 1", seconds=4.0
        ),
        state="failed",
    )
    events = list(told.tell(ended))
    assert kinds(events) == [StepFinished, JobFinished]
    assert (events[-1].outcome, events[-1].again, events[-1].seconds) == ("failed", False, 4.0)
    assert [test.name for test in told.failing["unit"]] == ["test_a", "test_b"]
    assert kinds(told.tell(ended)) == []


def test_a_build_that_had_ended_is_told_whole():
    done = build(
        job("passed", (attempt(1, "failed"), attempt(2, "passed")), (2, 0, 0)), state="passed"
    )
    events = list(teller().tell(done))
    assert kinds(events) == [
        RunStarted, JobStarted, JobFinished, JobStarted, TestFinished, TestFinished, JobFinished,
    ]  # fmt: skip
    assert [event.again for event in events if isinstance(event, JobFinished)] == [True, False]


def test_an_attempt_that_ended_is_told_when_it_is_known_whether_there_will_be_another():
    told = teller()
    list(told.tell(build(job(attempts=(attempt(),)))))
    assert kinds(told.tell(build(job(attempts=(attempt(1, "failed"),))))) == []
    events = list(told.tell(build(job(attempts=(attempt(1, "failed"), attempt(2))))))
    assert kinds(events) == [JobFinished, JobStarted]
    assert events[0].again


def test_a_job_that_never_began_is_told():
    events = list(teller().tell(build(job("cancelled", reason="needs lint"), state="failed")))
    assert kinds(events) == [RunStarted, JobFinished]
    assert (events[1].attempt, events[1].reason) == (0, "needs lint")
