"""A plan's jobs whatever becomes of them: each has a result in the end."""

import threading

import pytest

from fairlead.errors import StoreError
from fairlead.model import Job, JobResult, Origin, Outcome, Plan
from fairlead.runner.build import Workers, run_jobs
from fairlead.runner.cancel import Cancel

PLAN = Plan(
    source="f",
    origin=Origin.NATIVE,
    jobs=(Job(id="a", name="a"), Job(id="b", name="b"), Job(id="c", name="c", needs=("a",))),
)


@pytest.fixture
def cancel():
    made = Cancel()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StoreError("cannot write the log", hint="free some space"), "cannot write the log"),
        (KeyError("x"), "internal error: KeyError: 'x'"),
    ],
)
def test_a_job_that_breaks_its_thread_has_errored(cancel, error, reason):
    def run(job, _):
        if job.id == "a":
            raise error
        return JobResult(job=job.id, outcome=Outcome.PASSED)

    events = []
    workers = Workers(run=run, count=2, emit=events.append)
    a, b, c = run_jobs(PLAN, workers, cancel)
    assert (a.outcome, b.outcome, c.outcome) == ("errored", "passed", "cancelled")
    assert reason in a.reason
    assert [(e.job, e.outcome) for e in events] == [("a", "errored"), ("c", "cancelled")]


def test_a_job_has_a_result_even_where_nothing_can_be_told(cancel):
    def broken(*_):
        raise OSError("gone")

    alone = Plan(source="f", origin=Origin.NATIVE, jobs=(Job(id="a", name="a"),))
    (result,) = run_jobs(alone, Workers(run=broken, count=1, emit=broken), cancel)
    assert result.outcome is Outcome.ERRORED


def test_no_more_jobs_at_once_than_workers(cancel):
    lock, most, now = threading.Lock(), [0], [0]
    both = threading.Barrier(2)

    def run(job, _):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if job.id != "c":
            both.wait(10)
        with lock:
            now[0] -= 1
        return JobResult(job=job.id, outcome=Outcome.PASSED)

    results = run_jobs(PLAN, Workers(run=run, count=2, emit=lambda _: None), cancel)
    assert [result.outcome for result in results] == ["passed"] * 3
    assert most == [2]
