"""The recorder alone, fed by hand: batches whole, once, and only while the build is ours."""

import pytest

from fairlead.model import (
    Attempt,
    Job,
    JobFinished,
    JobResult,
    JobStarted,
    Notice,
    Origin,
    Outcome,
    Output,
    Plan,
    Progress,
    Report,
    RunFinished,
    RunResult,
    RunStarted,
    StepFinished,
    StepStarted,
    TestCase,
    TestFinished,
    TestOutcome,
    TestReport,
    TestsCollected,
    Trigger,
    Verdict,
)

PLAN = Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=(Job(id="a", name="A"),))
GOOD = TestCase(suite="s", name="good", outcome=TestOutcome.PASSED)
AGAIN = "begun again once, since its worker was lost or stopped"
BAD = TestCase(suite="s", name="bad", outcome=TestOutcome.FAILED, message="\0\udce9")


@pytest.fixture
def claimed(database):
    """A build that a worker has begun."""
    from fairlead.server.engine.changes import claim
    from fairlead.server.services.builds import create
    from fairlead.server.store.models import Project

    build = create(Project.objects.create(name="p"), Trigger(event="push", branch="main"))
    return claim(build.pk, build.job_id, None)


@pytest.fixture
def record(database):
    """Makes recorders; those left open are closed."""
    from fairlead.server.engine.logsink import ChunkSink
    from fairlead.server.engine.recording import Recorder

    made = []

    def start(build, sink=None):
        recorder = Recorder(build, sink or ChunkSink(), flush=0.01)
        made.append(recorder)
        return recorder

    yield start
    for recorder in made:
        recorder.abandon()
        recorder._thread.join()


def test_artifacts_expire_by_the_clock_of_the_database(claimed, record):
    from datetime import timedelta

    from fairlead.server.engine.artifacts import ArtifactsKept, Kept
    from fairlead.server.store.models import Artifact

    recorder = record(claimed)
    file = Kept(job="a", path="x", key="k", size=1, days=3)
    for event in (started(), attempt(), ArtifactsKept(time=4e9, files=(file,))):
        recorder.emit(event)
    recorder.close()
    (kept,) = Artifact.objects.all()
    left = kept.expires - claimed.started - timedelta(days=3)
    assert timedelta(0) <= left < timedelta(minutes=5)


def started():
    return RunStarted(time=1.0, number=1, plan=PLAN, isolation="process")


def attempt(number=1):
    return JobStarted(time=2.0, job="a", attempt=number)


def step(number=0, name="one"):
    return StepStarted(time=3.0, job="a", attempt=1, step=number, name=name)


def output(data, number=0):
    return Output(time=3.5, job="a", attempt=1, step=number, data=data)


def step_over(number=0, outcome=Outcome.PASSED, code=0):
    return StepFinished(
        time=4.0, job="a", attempt=1, step=number, outcome=outcome, seconds=1.0, code=code
    )


def job_over(outcome=Outcome.PASSED, *, cases=(), again=False, number=1):
    one = Attempt(outcome=outcome, seconds=2.0, report=Report(tests=TestReport(cases=cases)))
    result = None if again else JobResult(job="a", outcome=outcome, attempts=(one,))
    return JobFinished(
        time=5.0, job="a", attempt=number, outcome=outcome, seconds=2.0, again=again, result=result
    )


def run_over(outcome=Outcome.PASSED, cases=()):
    job = job_over(outcome, cases=cases).result
    return RunFinished(
        time=6.0,
        result=RunResult(
            number=1,
            outcome=outcome,
            trigger=Trigger(event="push"),
            plan=PLAN,
            seconds=5.0,
            jobs=(job,),
            verdict=Verdict(outcome=outcome, sentence="all well"),
            notices=("mind this",),
        ),
    )


def give(recorder, *events):
    for event in events:
        recorder.emit(event)


def test_a_run_is_stored_row_by_row(claimed, record, log_of):
    recorder = record(claimed)
    give(recorder, started(), attempt(), Progress(time=2.0, job="a", text="resolving"))
    give(recorder, step(), output(b"ab"), output(b"c\n"), step_over())
    give(recorder, step(1, "two"), TestsCollected(time=4.0, job="a", attempt=1, step=1, count=2))
    give(recorder, TestFinished(time=4.0, job="a", attempt=1, step=1, case=GOOD))
    give(recorder, output(b"d", 1), step_over(1, Outcome.FAILED, 3))
    give(recorder, Notice(time=5.0, text="mind this"))
    give(
        recorder, job_over(Outcome.FAILED, cases=(GOOD, BAD)), run_over(Outcome.FAILED, (GOOD, BAD))
    )
    recorder.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.sentence, claimed.seconds) == ("failed", "all well", 5.0)
    assert (claimed.passed_tests, claimed.bad_tests, claimed.notices) == (1, 1, ["mind this"])
    job = claimed.jobs.get()
    assert (job.state, job.bad_tests, job.progress) == ("failed", 1, "")
    one, two = job.attempts.get().steps.all()
    assert (one.state, one.offset, one.length, one.code) == ("passed", 0, 4, 0)
    assert (two.state, two.offset, two.length, two.code, two.expected) == ("failed", 4, 1, 3, 2)
    assert log_of(claimed) == b"abc\nd"
    tests = {(t.name, t.outcome, t.message, t.step) for t in claimed.tests.all()}
    assert tests == {
        ("good", "passed", "", 1),
        ("bad", "failed", "\N{SYMBOL FOR NULL}\\udce9", 0),
    }


def test_every_attempt_is_kept(claimed, record):
    recorder = record(claimed)
    give(recorder, started(), attempt(), job_over(Outcome.FAILED, again=True))
    give(recorder, attempt(2), job_over(number=2), run_over())
    recorder.close()
    job = claimed.jobs.get()
    assert [(a.number, a.state) for a in job.attempts.all()] == [(1, "failed"), (2, "passed")]
    assert job.state == "passed"


def test_a_step_that_is_tried_again_is_one_step(claimed, record):
    recorder = record(claimed)
    give(recorder, started(), attempt(), step(), step_over(outcome=Outcome.FAILED, code=1))
    give(recorder, step(), step_over(), job_over(), run_over())
    recorder.close()
    (only,) = claimed.jobs.get().attempts.get().steps.all()
    assert (only.state, only.code) == ("passed", 0)


def test_nothing_is_stored_once_the_build_is_anothers(claimed, record, log_of, wait_until):
    from fairlead.server.engine.changes import claim, pass_on
    from fairlead.server.engine.recording import Fenced

    zombie = record(claimed)
    give(zombie, started(), attempt(), step(), output(b"old"))
    wait_until(lambda: log_of(claimed))
    assert pass_on(claimed.pk, claimed.job_id, lost=True)
    claimed.refresh_from_db()
    new = record(claim(claimed.pk, claimed.job_id, None))
    give(new, started(), attempt(), step(), output(b"new"))
    wait_until(lambda: log_of(claimed) == b"new")
    give(zombie, output(b"late"), Notice(time=9.0, text="late"), run_over(Outcome.FAILED))
    with pytest.raises(Fenced):
        zombie.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.notices) == ("running", [AGAIN])
    give(new, job_over(), run_over())
    new.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.takeovers) == ("passed", 1)
    assert claimed.notices == [AGAIN, "mind this"]
    assert log_of(claimed) == b"new"


@pytest.mark.parametrize(
    ("outcome", "reason"), [(Outcome.PASSED, ""), (Outcome.CANCELLED, "superseded by build 2")]
)
def test_a_build_that_was_told_to_end_too_late_names_no_reason(claimed, record, outcome, reason):
    from fairlead.server.services.builds import cancel

    assert cancel(claimed, "superseded by build 2")
    recorder = record(claimed)
    give(recorder, started(), run_over(outcome))
    recorder.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.reason) == (outcome.value, reason)


def test_nothing_is_stored_after_the_verdict(claimed, record):
    from fairlead.server.engine.changes import end
    from fairlead.server.engine.recording import Fenced

    recorder = record(claimed)
    assert end(claimed.pk, claimed.job_id, "cancelled", "enough")
    give(recorder, started(), run_over())
    with pytest.raises(Fenced):
        recorder.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.jobs.count()) == ("cancelled", 0)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_batch_whose_answer_was_lost_is_stored_once(
    claimed, record, log_of, monkeypatch, arrived
):
    from django.db import OperationalError

    from fairlead.server.engine.recording import Recorder

    real, failed = Recorder._store, []

    def store(self, batch):
        if failed:
            return real(self, batch)
        failed.append(batch)
        if arrived:
            real(self, batch)
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(Recorder, "_store", store)
    recorder = record(claimed)
    give(recorder, started(), attempt(), step(), output(b"once"), step_over(), job_over())
    give(recorder, run_over())
    recorder.close()
    claimed.refresh_from_db()
    assert (claimed.state, log_of(claimed)) == ("passed", b"once")
    assert claimed.recorded == 7
    assert claimed.jobs.get().attempts.get().steps.get().state == "passed"


def test_what_was_abandoned_has_no_verdict(claimed, record, wait_until):
    recorder = record(claimed)
    give(recorder, started())
    wait_until(claimed.jobs.count)
    recorder.abandon()
    give(recorder, attempt(), run_over())
    recorder.close()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.jobs.get().state) == ("running", "queued")


def test_a_log_that_cannot_be_compacted_costs_no_verdict(claimed, record, log_of):
    from fairlead.server.engine.logsink import ChunkSink

    class Full(ChunkSink):
        def finish(self, attempt):
            raise OSError("no space left")

    recorder = record(claimed, Full())
    give(recorder, started(), attempt(), step(), output(b"x"), job_over(), run_over())
    recorder.close()
    claimed.refresh_from_db()
    assert claimed.state == "passed"
    assert log_of(claimed) == b"x"


def test_open_pages_are_told(claimed, record):
    import psycopg
    from django.db import connection

    from fairlead.server.store.notify import CHANNEL

    params = connection.get_connection_params()
    params.pop("pool", None)
    params.pop("cursor_factory", None)
    params.pop("context", None)
    with psycopg.connect(**params, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        recorder = record(claimed)
        give(recorder, started(), run_over())
        recorder.close()
        told = [n.payload for n in listening.notifies(timeout=60, stop_after=1)]
    assert told == [str(claimed.pk)]


def test_a_log_whose_worker_died_is_compacted_later_and_once(claimed, record, log_of, tmp_path):

    from fairlead.server.engine.logsink import compact_attempt, compact_left_behind
    from fairlead.server.logs.finished import FinishedLog
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.store.models import Attempt as Row
    from fairlead.server.store.models import LogChunk

    storage = FolderStorage(tmp_path)
    recorder = record(claimed)
    give(recorder, started(), attempt(), step(), output(b"x"), output(b"y\n"), step_over())
    give(recorder, job_over(), run_over())
    recorder.close()
    row = Row.objects.get()
    assert compact_left_behind(storage, age=1e10) == 0
    assert compact_left_behind(storage) == 1  # it ended in 1970
    assert not LogChunk.objects.exists()
    row.refresh_from_db()
    assert row.log
    compact_attempt(row.pk, storage)  # nothing is left: the file stays
    assert FinishedLog(storage, row.log).read(0) == b"xy\n"
