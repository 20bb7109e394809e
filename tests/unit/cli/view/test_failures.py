from msgspec.structs import replace

from fairlead.cli.view.failures import failures_of, job_failures, step_failures


def test_the_same_failure_in_many_jobs_is_one_failure(runs):
    first, second = failures_of(runs.failed())

    assert first.case.name == "test_statement_of_a_foreign_account"
    assert first.jobs == ("unit-3.12", "unit-3.13")
    assert first.new
    assert second.jobs == ("unit-3.12", "unit-3.13", "web-3.12-django4.2")
    assert not second.new
    assert not second.allowed


def test_addresses_in_memory_do_not_make_another_failure(runs):
    run = runs.failed()

    def elsewhere(job, number):
        cases = [
            replace(case, message=f"assert <object at 0x7f{number}c0ffee> is None")
            for case in job.report.tests.cases
            if case.name == "test_statement_of_a_foreign_account"
        ]
        tests = replace(job.report.tests, cases=tuple(cases))
        report = replace(job.report, tests=tests)
        return replace(job, attempts=(replace(job.attempts[-1], report=report),))

    jobs = tuple(elsewhere(job, number) for number, job in enumerate(run.jobs) if job.attempts)
    (failure,) = failures_of(replace(run, jobs=jobs))
    assert len(failure.jobs) > 1


def test_failures_only_in_allowed_jobs_come_last_and_say_so(runs):
    run = runs.failed()
    jobs = tuple(job for job in run.jobs if job.job not in ("unit-3.12", "unit-3.13"))
    (only,) = failures_of(replace(run, jobs=jobs))
    assert only.allowed


def test_a_step_that_ran_failing_tests_is_not_a_failure_of_its_own(runs):
    assert [(f.job.job, f.step.name) for f in step_failures(runs.failed())] == [
        ("lint", "ruff check"),
        ("lint", "pylint"),
    ]


def test_of_a_step_that_was_tried_again_the_last_go_counts(runs):
    run = runs.failed()
    job = next(job for job in run.jobs if job.job == "lint")
    (first, *rest) = job.attempts[-1].steps
    goes = (first, replace(first, attempt=2), replace(first, attempt=3))
    attempt = replace(job.attempts[-1], steps=(*goes, *rest))
    found = step_failures(replace(run, jobs=(replace(job, attempts=(attempt,)),)))
    assert [(f.step.name, f.step.attempt) for f in found] == [("ruff check", 3), ("pylint", 1)]


def test_jobs_that_never_came_to_a_step(runs):
    assert [f.job.job for f in job_failures(runs.errored())] == ["unit-3.4", "unit-3.12"]
    assert job_failures(runs.cancelled()) == ()
