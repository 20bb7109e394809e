import pytest

from fairlead.cli.runs import find_job, find_jobs, find_run
from fairlead.errors import UsageError


class Runs:
    def __init__(self, *numbers):
        self._numbers = numbers

    def numbers(self):
        return self._numbers

    def load(self, number):
        return number


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(None, 9), ("last", 9), ("last-0", 9), ("last-2", 3), ("7", 7), ("#7", 7), ("12", 12)],
)
def test_runs_are_found_by_number_or_from_the_end(wanted, number):
    assert find_run(Runs(3, 7, 9), wanted) == number


@pytest.mark.parametrize("wanted", ["last-3", "first", "-1", "²", ""])
def test_other_words_are_an_error(wanted):
    if wanted:
        with pytest.raises(UsageError):
            find_run(Runs(3, 7, 9), wanted)
    with pytest.raises(UsageError, match="no finished run yet"):
        find_run(Runs(), wanted)


def test_jobs_are_found_by_id_or_by_name(runs):
    run = runs.failed()
    assert [job.job for job in find_jobs(run, "unit-3.9")] == ["unit-3.9"]
    assert len(find_jobs(run, "unit")) == 4
    assert find_job(run, "lint").job == "lint"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("unit-3.21", "did you mean unit-3.1"),
        ("zzz", "jobs of that run: lint, unit-3.9"),
        ("deploy", "did not run: branch is statement-currency, not main"),
    ],
)
def test_unknown_jobs_are_an_error_with_a_guess(runs, wanted, words):
    with pytest.raises(UsageError) as caught:
        find_jobs(runs.failed(), wanted)
    assert words in str(caught.value)


def test_one_job_must_be_named_where_there_are_many(runs):
    with pytest.raises(UsageError, match="'unit' names 4 jobs"):
        find_job(runs.failed(), "unit")
    with pytest.raises(UsageError, match="the run has 9 jobs"):
        find_job(runs.failed(), None)


def test_a_run_too_far_back_is_counted_in_words():
    with pytest.raises(UsageError, match="no last-5: 1 finished run in all"):
        find_run(Runs(3), "last-5")
