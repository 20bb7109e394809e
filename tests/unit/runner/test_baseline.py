import pytest

from fairlead.model import (
    Job,
    JobResult,
    Origin,
    Outcome,
    Plan,
    Report,
    RunResult,
    Skipped,
    TestCase,
    TestOutcome,
    TestReport,
    Trigger,
)
from fairlead.model.result import Attempt
from fairlead.runner.baseline import Baseline
from fairlead.runner.history import History
from fairlead.runner.select import NOT_SELECTED

HERE = Trigger(branch="feature")
DIFF = b"--- a/app.py\n+++ b/app.py\n@@ -1,0 +2,2 @@\n+x\n+y\n"


class Change:
    """A branch of two commits, as far as comparing needs a source."""

    def __init__(self, base):
        self.base = base

    def diff(self, base):
        assert base == self.base
        return DIFF


def report(outcome):
    return Report(tests=TestReport(cases=(TestCase(name="t", outcome=TestOutcome(outcome)),)))


def keep(history, number, *, commit, branch, outcome, job="unit", partial=False, keyword="", **of):
    history.begin()
    attempt = Attempt(outcome=Outcome.PASSED, report=report(outcome))
    result = RunResult(
        number=number,
        outcome=Outcome.PASSED,
        trigger=Trigger(branch=branch, commit=commit, **of),
        plan=Plan(
            source="f",
            origin=Origin.NATIVE,
            jobs=(Job(id=job, name=job),),
            skipped=(Skipped(job="x", reason=NOT_SELECTED),) if partial else (),
            keyword=keyword,
        ),
        jobs=(JobResult(job=job, outcome=Outcome.PASSED, attempts=(attempt,)),),
        machine=(("dirty", "no"),),
    )
    history.finish(result, keep=9)


@pytest.fixture
def history(tmp_path):
    made = History(tmp_path)
    keep(made, 1, commit="base", branch="main", outcome="passed")
    keep(made, 2, commit="first", branch="feature", outcome="failed")
    return made


def test_a_run_is_held_against_the_one_before_and_the_one_where_its_branch_began(history):
    baseline = Baseline(history, Change("base"), HERE)
    before, began = baseline.compare_run({"unit": report("failed")})
    assert (before.base, len(before.new_failures), len(before.still_failing)) == ("run 2", 0, 1)
    assert (began.base, len(began.new_failures), len(began.still_failing)) == ("run 1", 1, 0)


def test_a_job_is_held_against_where_its_branch_began(history):
    baseline = Baseline(history, Change("base"), HERE)
    assert baseline.compare_job("unit", report("failed")).base == "run 1"
    assert baseline.compare_job("other", report("failed")).new_failures == ()


def test_the_changed_lines_are_those_since_the_base(history):
    assert Baseline(history, Change("base"), HERE).changed == {"app.py": frozenset({2, 3})}
    assert Baseline(history, Change(None), HERE).changed is None


def test_a_run_that_was_removed_since_is_no_baseline(history):
    baseline = Baseline(history, Change("base"), HERE)
    assert len(baseline.entries) == 2
    (history.folder(1) / "result.json").unlink()
    assert baseline.began is None


def test_without_earlier_runs_there_is_nothing_to_compare_with(tmp_path):
    baseline = Baseline(History(tmp_path), Change(None), HERE)
    before, began = baseline.compare_run({"unit": report("failed")})
    assert (before.new_failures, began) == ((), None)


def test_each_job_is_held_against_its_own_last_run(history):
    """A run of some jobs does not hide what is known of the others, one of a few tests nothing."""
    keep(history, 3, commit=None, branch="feature", outcome="passed", job="other", partial=True)
    keep(history, 4, commit=None, branch="feature", outcome="passed", keyword="t")
    baseline = Baseline(history, Change(None), HERE)
    now = {"unit": report("passed"), "other": report("failed")}
    before, _ = baseline.compare_run(now)
    assert before.base == "run 3"
    assert [change.job for change in before.fixed] == ["unit"]
    assert [change.job for change in before.new_failures] == ["other"]
    assert baseline.compare_job("unit", now["unit"]).base == "run 2"


def test_what_a_stranger_reported_is_no_measure_for_others(history):
    pull = {"event": "pull_request", "pull_request": "7", "trusted": False}
    keep(history, 3, commit="base", branch="feature", outcome="failed", **pull)
    trusted = Baseline(history, Change("base"), HERE)
    assert [entry.number for entry in trusted.entries] == [1, 2]
    assert trusted.compare_job("unit", report("failed")).base == "run 1"
    own = Baseline(history, Change(None), Trigger(branch="feature", **pull))
    assert own.compare_run({"unit": report("failed")})[0].base == "run 3"


def test_a_pull_request_is_not_a_run_of_its_target(history):
    pull = {"event": "pull_request", "pull_request": "7"}
    keep(history, 3, commit="x", branch="feature", outcome="passed", **pull)
    before, _ = Baseline(history, Change(None), HERE).compare_run({"unit": report("failed")})
    assert before.base == "run 2"
