import pytest
from msgspec.structs import replace

from fairlead.model import (
    Attempt,
    Comparison,
    Coverage,
    FileCoverage,
    Job,
    JobResult,
    Origin,
    Outcome,
    Plan,
    Report,
    RunResult,
    Skipped,
    Step,
    TestCase,
    TestChange,
    TestOutcome,
    TestReport,
    Trigger,
    Violation,
    Violations,
)
from fairlead.reports.verdict import verdict


def cell(name, python, **fields):
    axes = (("python", python),)
    return Job(id=f"{name}-{python}", name=name, axes=axes, python=python, **fields)


def case(name, outcome=TestOutcome.FAILED):
    return TestCase(name=name, outcome=outcome)


def ended(job, outcome="passed", *cases, reason="", violations=()):
    report = Report(tests=TestReport(cases=cases), violations=violations)
    attempt = Attempt(outcome=Outcome(outcome), report=report)
    return JobResult(job=job, outcome=Outcome(outcome), reason=reason, attempts=(attempt,))


def run(outcome, jobs, results, seconds=48.0, **fields):
    return RunResult(
        number=2,
        outcome=Outcome(outcome),
        trigger=Trigger(),
        plan=Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=tuple(jobs)),
        jobs=tuple(results),
        seconds=seconds,
        **fields,
    )


def sentence(*args, **fields):
    return verdict(run(*args, **fields)).sentence


UNIT = cell("unit", "3.12")
PASSED = TestOutcome.PASSED


def test_the_sentence_of_the_design():
    news = tuple(TestChange(job=UNIT.id, case=case(name)) for name in "ab")
    result = run(
        "failed",
        [UNIT],
        [
            ended(
                UNIT.id,
                "failed",
                case("a"),
                case("b"),
                reason="pytest exited with 1; coverage of the changed lines 83 % (minimum 90 %)",
            )
        ],
        comparison=Comparison(base="run 1", new_failures=news),
    )
    found = verdict(result)
    assert found.sentence == (
        "2 new test failures in unit (3.12); coverage of the changed lines 83 % (minimum 90 %) — 48 s"
    )
    assert found.outcome is Outcome.FAILED
    assert found.reasons == (
        "2 new test failures in unit (3.12)",
        "coverage of the changed lines 83 % (minimum 90 %)",
    )


def test_one_failure_without_anything_to_compare_with():
    results = [
        ended(UNIT.id, "failed", case("a"), case("b", PASSED), reason="pytest exited with 1")
    ]
    assert sentence("failed", [UNIT], results) == "1 test failure in unit (3.12) — 48 s"


def test_a_test_that_fails_in_many_jobs_is_one_failure():
    jobs = [cell("unit", f"3.{n}") for n in range(9, 14)]
    results = [ended(job.id, "failed", case("a"), reason="x exited with 1") for job in jobs]
    assert sentence("failed", jobs, results) == "1 test failure in unit (all 5) — 48 s"
    results[0] = ended(jobs[0].id, "passed", case("a", PASSED))
    assert (
        sentence("failed", jobs, results)
        == "1 test failure in unit (3.10, 3.11, 3.12, 3.13) — 48 s"
    )


def test_new_and_older_failures():
    web = Job(id="web", name="web")
    comparison = Comparison(
        new_failures=(TestChange(job=UNIT.id, case=case("a")),),
        still_failing=(TestChange(job="web", case=case("b")),),
    )
    results = [ended(UNIT.id, "failed", case("a")), ended("web", "failed", case("b"))]
    assert sentence("failed", [UNIT, web], results, comparison=comparison) == (
        "1 new test failure in unit (3.12); 1 test still failing in web — 48 s"
    )


def violations(*prints):
    items = (
        Violation(tool="ruff", rule="r", path="a.py", message="m", fingerprint=p) for p in prints
    )
    return Violations(tool="ruff", items=tuple(items))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ((), "lint: 3 ruff violations"),
        (("1",), "lint: 1 new ruff violation of 3"),
        (("1", "2", "3"), "lint: 3 new ruff violations"),
    ],
)
def test_a_linter_that_failed_says_what_it_found(new, words):
    lint = Job(id="lint", name="lint", steps=(Step(name="style", command="x", tool="ruff"),))
    found = violations("1", "2", "3")
    results = [ended("lint", "failed", reason="style exited with 1", violations=(found,))]
    comparison = Comparison(new_violations=violations(*new).items)
    assert sentence("failed", [lint], results, comparison=comparison) == f"{words} — 48 s"


def test_violations_do_not_explain_another_steps_failure():
    job = Job(id="all", name="all", steps=(Step(name="style", command="x", tool="ruff"),))
    found = (violations("1"),)
    results = [ended("all", "failed", reason="pytest exited with 4", violations=found)]
    assert sentence("failed", [job], results) == "all: pytest exited with 4 — 48 s"
    results = [ended("all", "failed", reason="style exited with 2")]
    assert sentence("failed", [job], results) == "all: style exited with 2 — 48 s"


def test_errored_jobs_say_why_and_equal_reasons_are_told_once():
    jobs = [cell("unit", "3.4"), cell("unit", "3.5"), Job(id="lint", name="lint")]
    reason = "Python 3.4 not found.\n  looked in many places"
    results = [
        ended(jobs[0].id, "errored", reason=reason),
        ended(jobs[1].id, "errored", reason="fairlead.yml:3:1: bad"),
        ended("lint", "errored", reason=reason),
    ]
    assert sentence("errored", jobs, results, seconds=2.04) == (
        "unit (3.4), lint: Python 3.4 not found; unit (3.5): fairlead.yml:3:1: bad — 2.0 s"
    )


def test_an_error_and_a_failure_are_both_told():
    jobs = [UNIT, Job(id="lint", name="lint")]
    results = [ended(UNIT.id, "failed", case("a")), ended("lint", "errored", reason="no disk")]
    assert sentence("errored", jobs, results) == (
        "lint: no disk; 1 test failure in unit (3.12) — 48 s"
    )


def test_many_reasons_are_counted():
    jobs = [Job(id=f"j{n}", name=f"j{n}") for n in range(7)]
    results = [ended(job.id, "failed", reason=f"reason {job.id}") for job in jobs]
    found = verdict(run("failed", jobs, results))
    assert found.sentence.startswith("j0: reason j0; ")
    assert found.sentence.endswith("j3: reason j3; 3 more reasons — 48 s")
    assert len(found.reasons) == 7


def test_a_job_without_a_reason_is_told():
    assert sentence("failed", [UNIT], []) == "no job says why — 48 s"
    results = [ended(UNIT.id, "errored")]
    assert sentence("errored", [UNIT], results) == "unit (3.12): errored without a reason — 48 s"


def test_passed():
    files = (FileCoverage(path="a.py", executed=(1, 2, 3), missing=(4,)),)
    coverage = Coverage(files=files)
    pylint = Violations(tool="pylint", score=8.75)
    result = run(
        "passed",
        [UNIT, Job(id="lint", name="lint")],
        [
            ended(UNIT.id, "passed", case("a", PASSED), case("b", TestOutcome.SKIPPED)),
            ended("lint"),
        ],
        report=Report(coverage=coverage, violations=(pylint,)),
        comparison=Comparison(
            coverage=75.0,
            coverage_before=74.0,
            scores=(("pylint", 8.5, 8.75),),
            fixed=(TestChange(job=UNIT.id, case=case("a", PASSED)),),
        ),
        seconds=125.0,
    )
    assert verdict(result).sentence == (
        "2 tests in 2 jobs; 1 test skipped; 1 test fixed; coverage 75 % (+1.0);"
        " pylint 8.75/10, previous 8.50, +0.25 — 2 min 05 s"
    )
    assert verdict(result).reasons == ()
    alone = verdict(replace(result, comparison=None)).sentence
    assert "coverage 75 %; pylint 8.75/10 — 2 min 05 s" in alone


def test_passed_without_tests():
    assert sentence("passed", [UNIT], [ended(UNIT.id)], seconds=0.04) == "1 job — 0.0 s"


def test_allowed_failures_and_skipped_jobs_are_said_beside():
    nightly = cell("unit", "3.14", allow_failure=True)
    results = [ended(UNIT.id), ended(nightly.id, "failed", case("a"), reason="x exited with 1")]
    skipped = (Skipped(job="release", reason="when: tag"),)
    assert sentence("passed", [UNIT, nightly], results, skipped=skipped) == (
        "1 job; 1 allowed failure: unit (3.14); 1 job skipped: release — 48 s"
    )


def test_a_run_of_a_few_tests_says_so():
    result = run("passed", [UNIT], [ended(UNIT.id, "passed", case("test_sums", PASSED))])
    result = replace(result, plan=replace(result.plan, keyword="sums or 'x'"))
    assert verdict(result).sentence == (
        """1 test in 1 job; only tests that match "sums or 'x'" — 48 s"""
    )


def test_many_skipped_jobs():
    skipped = tuple(Skipped(job=f"j{n}", reason="not selected") for n in range(20))
    text = sentence("passed", [UNIT], [ended(UNIT.id)], skipped=skipped)
    assert text == "1 job; 20 jobs skipped: j0, j1, j2 and 17 more — 48 s"


def test_jobs_that_never_ran_are_said():
    jobs = [Job(id="lint", name="lint"), UNIT]
    results = [
        ended("lint", "failed", reason="flake8 exited with 1"),
        JobResult(job=UNIT.id, outcome=Outcome.CANCELLED, reason="needs lint, which failed"),
    ]
    assert sentence("failed", jobs, results) == (
        "lint: flake8 exited with 1; 1 job cancelled: unit (3.12) — 48 s"
    )


def test_cancelled():
    jobs = [Job(id="lint", name="lint"), UNIT, cell("unit", "3.13")]
    results = [
        ended("lint", "failed", reason="flake8 exited with 1"),
        ended(UNIT.id, "cancelled"),
        ended("unit-3.13", "cancelled"),
    ]
    assert sentence("cancelled", jobs, results) == (
        "1 of 3 jobs had ended; lint: flake8 exited with 1 — 48 s"
    )
