import os

import pytest

from fairlead.errors import StoreError, UsageError
from fairlead.model import Job, JobResult, Origin, Outcome, Plan, RunResult, Trigger
from fairlead.runner.history import (
    Entry,
    History,
    at_commit,
    expected_seconds,
    not_passed,
    previous,
)


def result(number, *, outcome=Outcome.PASSED, branch="main", commit=None, dirty="no"):
    return RunResult(
        number=number,
        outcome=outcome,
        trigger=Trigger(branch=branch, commit=commit),
        plan=Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=(Job(id="a", name="a"),)),
        jobs=(JobResult(job="a", outcome=outcome, seconds=number * 1.0),),
        machine=(("dirty", dirty),),
    )


def test_numbers_count_up_and_an_unfinished_run_is_not_listed(tmp_path):
    history = History(tmp_path)
    assert history.numbers() == ()
    assert history.latest() is None
    assert [history.begin(), history.begin()] == [1, 2]
    history.finish(result(2), keep=10)
    assert history.numbers() == (2,)
    assert history.latest() == result(2)


def test_the_folder_ignores_itself(tmp_path):
    History(tmp_path).begin()
    assert (tmp_path / ".fairlead/.gitignore").read_text().endswith("*\n")


def test_old_runs_are_forgotten_but_not_those_under_way(tmp_path):
    history = History(tmp_path)
    for _ in range(4):
        history.finish(result(history.begin()), keep=2)
    assert history.numbers() == (3, 4)
    assert [entry.number for entry in history.entries()] == [3, 4]


def test_a_run_that_goes_on_is_kept_however_many_end_meanwhile(tmp_path):
    slow, others = History(tmp_path), History(tmp_path)
    assert slow.begin() == 1
    for _ in range(3):
        others.finish(result(others.begin()), keep=1)
    assert slow.folder(1).is_dir(), "its logs went while they were written"
    slow.finish(result(1), keep=2)
    assert os.listdir(slow.folder(1)) == ["result.json"]


def test_a_run_that_died_is_forgotten_in_its_turn(tmp_path):
    dead, others = History(tmp_path), History(tmp_path)
    dead.begin()
    lock = dead._locks.pop(1)
    os.close(lock)  # as the kernel does
    others.finish(result(others.begin()), keep=1)
    assert not others.folder(1).exists()


def test_the_index_is_made_anew_where_it_is_missing(tmp_path):
    history = History(tmp_path)
    history.finish(result(history.begin()), keep=5)
    (tmp_path / ".fairlead/index.jsonl").unlink()
    assert [entry.number for entry in history.entries()] == [1]


def test_a_broken_result_does_not_keep_the_others_from_the_index(tmp_path):
    history = History(tmp_path)
    for _ in range(2):
        history.finish(result(history.begin()), keep=5)
    (history.folder(1) / "result.json").write_bytes(b'{"number": "\xff"}')
    (tmp_path / ".fairlead/index.jsonl").unlink()
    assert [entry.number for entry in history.entries()] == [2]


def test_a_run_that_is_not_there_and_one_that_is_broken(tmp_path):
    history = History(tmp_path)
    with pytest.raises(UsageError, match="no run 7"):
        history.load(7)
    history.finish(result(history.begin()), keep=5)
    (history.folder(1) / "result.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        history.load(1)
    (history.folder(1) / "result.json").write_bytes(b'{"verdict": "\xff"}')
    with pytest.raises(StoreError, match="cannot be read"):
        history.load(1)


def test_what_is_compared_with(tmp_path):
    history = History(tmp_path)
    runs = [
        result(1, commit="aaa"),
        result(2, commit="aaa", dirty="yes"),
        result(3, outcome=Outcome.CANCELLED),
        result(4, branch="other"),
    ]
    for run in runs:
        history.begin()
        history.finish(run, keep=9)
    entries = history.entries()
    assert [entry.number for entry in previous(entries, "main")] == [2]
    assert previous(entries, "gone") == ()
    assert at_commit(entries, "aaa").number == 1
    assert at_commit(entries, None) is None
    assert expected_seconds(entries) == {"a": 4.0}


def entry(number, *, partial=False, narrowed=False, **outcomes):
    bad = {"failed", "errored"} & set(outcomes.values())
    return Entry(
        number=number,
        outcome=min(bad) if bad else "passed",
        branch="main",
        partial=partial,
        narrowed=narrowed,
        outcomes=tuple(outcomes.items()),
    )


def test_runs_of_some_jobs_are_looked_at_back_to_one_of_all():
    entries = (
        entry(1, a="passed", b="passed"),
        entry(2, a="failed", b="passed"),
        entry(3, partial=True, b="failed"),
        entry(4, partial=True, a="errored"),
        entry(5, narrowed=True, a="passed", b="passed"),
    )
    assert [found.number for found in previous(entries, "main")] == [3, 2]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ((), {"a", "c"}),
        ((entry(3, partial=True, a="passed"),), {"c"}),
        ((entry(3, partial=True, a="passed", c="passed"),), set()),
        ((entry(3, partial=True, b="errored"),), {"a", "b", "c"}),
        ((entry(3, narrowed=True, a="passed", b="passed", c="passed"),), {"a", "c"}),
        ((entry(3, narrowed=True, b="failed"),), {"a", "b", "c"}),
    ],
)
def test_jobs_that_did_not_pass_when_they_were_last_run(later, expected):
    first = (entry(1, z="failed"), entry(2, a="failed", b="passed", c="cancelled"))
    assert not_passed((*first, *later)) == expected
