from fairlead.cli.view import Look
from fairlead.cli.view.job import job_text


def _job(run, name):
    return next(job for job in run.jobs if job.job == name)


RETRIED = """\
✓ web-3.13-django5.2 passed after 6.2 s, 32 tests, 1 skipped
  Python 3.13.0, environment cp3.13-5f2a

Attempt 1: failed ──────────────────────────────────────────────────────────────
  exit code 1
  checkout 0.0 s, environment 0.0 s, services 0.4 s, steps 3.1 s, reports 0.1 s
✗ pytest: 3.2 s, exit code 1

Attempt 2: passed ──────────────────────────────────────────────────────────────
  checkout 0.0 s, environment 0.0 s, services 0.4 s, steps 3.1 s, reports 0.1 s
✓ pytest: 5.6 s

  run it again: fairlead run web-3.13-django5.2
  whole log:    fairlead show 12 --job web-3.13-django5.2 --log
"""


def test_a_job_that_passed_at_the_second_attempt(runs):
    run = runs.failed()
    text = job_text(run, _job(run, "web-3.13-django5.2"), Look(), output=lambda _failure: [])
    assert text == RETRIED


def test_failures_of_a_job_are_not_cut(runs):
    run = runs.huge()
    text = job_text(run, _job(run, "unit-3.13-django4.9"), Look(), output=lambda _failure: [])
    assert "lines more" not in text
    assert text.count("line 150 of a long traceback") == 150


def test_a_job_without_an_attempt_says_why(runs):
    run = runs.errored()
    text = job_text(run, run.jobs[1], Look(), output=lambda _failure: [])
    assert "  we can conclude that your requirements are unsatisfiable.\n" in text
    assert "whole log" not in text
