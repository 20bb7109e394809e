"""Runs as they come out of real projects, for everything that shows runs."""

from fairlead.model import (
    Attempt,
    Comparison,
    Coverage,
    DocCoverage,
    Event,
    FileCoverage,
    Job,
    JobFinished,
    JobResult,
    JobStarted,
    Level,
    Location,
    Notice,
    Origin,
    Outcome,
    Output,
    Phase,
    PhaseFinished,
    PhaseTime,
    Plan,
    Problem,
    Progress,
    Report,
    Retry,
    RunFinished,
    RunResult,
    RunStarted,
    Skipped,
    Step,
    StepFinished,
    StepResult,
    StepStarted,
    TestCase,
    TestChange,
    TestFinished,
    TestOutcome,
    TestReport,
    TestsCollected,
    Trigger,
    Verdict,
    Violation,
    Violations,
)

STARTED = 1_760_000_000.0
INTERPRETERS = {"3.9": "3.9.18", "3.11": "3.11.7", "3.12": "3.12.1", "3.13": "3.13.0"}
RESOLUTION = """blinker==1.9.0
click==8.3.0
flask==3.1.2
itsdangerous==2.2.0
jinja2==3.1.6
markupsafe==3.0.3
pytest==8.4.2
pyyaml==6.0.3
webtest==3.0.7
werkzeug==3.1.3"""

SOURCES = {
    "ledger/balance.py": b'''"""Balances of accounts, from their mutations."""

from decimal import Decimal


def balance(mutations, *, until=None):
    """The sum of all mutations up to and including the day ``until``."""
    total = Decimal(0)
    for mutation in mutations:
        if until is not None and mutation.day > until:
            continue
        total += mutation.amount
    return total


def overdrawn(account, limit):
    """Whether the account is below its limit."""
    if limit is None:
        return False
    if account.frozen:
        raise FrozenAccount(account.number)
    return balance(account.mutations) < -limit


def statement(account, first, last):
    """The mutations of a period, with the balance before and after."""
    before = balance(account.mutations, until=first)
    after = balance(account.mutations, until=last)
    if account.currency != "EUR":
        before = convert(before, account.currency)
        after = convert(after, account.currency)
    return before, after
''',
    "ledger/client.py": b'''"""The bank's client, configured by YAML."""

import yaml


class Client:
    def __init__(self, path):
        with open(path) as file:
            self.settings = yaml.safe_load(file)

    def mutations(self, account):
        for page in self.pages(account):
            yield from page["mutations"]

    def pages(self, account):
        url = self.settings["url"]
        while url:
            answer = self.get(url, account)
            if answer.status == 429:
                self.wait(answer)
                continue
            yield answer.json
            url = answer.json.get("next")

    def wait(self, answer):
        seconds = int(answer.headers["Retry-After"])
        time.sleep(min(seconds, 30))
''',
    "ledger/__init__.py": b"",
    "ledger/web.py": b"from flask import Flask\n\napp = Flask(__name__)\n",
}

ASSERTION = """    def test_statement_of_a_foreign_account(bank):
        account = bank.account("NL02", currency="USD")

        before, after = statement(account, first=date(2025, 1, 1), last=date(2025, 1, 31))

>       assert after == Decimal("1250.00")
E       AssertionError: assert Decimal('1150.00') == Decimal('1250.00')
E         \x1b[32m+1250.00\x1b[0m
E         \x1b[31m-1150.00\x1b[0m

tests/test_balance.py:48: AssertionError"""

TIMEOUT = """Traceback (most recent call last):
  File "tests/test_client.py", line 31, in test_pages_are_followed
    assert [m.id for m in client.mutations("NL01")] == [1, 2, 3]
  File "ledger/client.py", line 19, in pages
    answer = self.get(url, account)
ConnectionError: https://bank.example/accounts/NL01: connection refused"""


def job(
    name,
    python=None,
    *,
    axes=(),
    steps=("pytest",),
    stage="test",
    allow_failure=False,
    retry=None,
):
    """A planned job; its id is its name and its axes."""
    pairs = ((("python", python),) if python else ()) + tuple(axes)
    return Job(
        id="-".join([name, *(v if k == "python" else f"{k}{v}" for k, v in pairs)]),
        name=name,
        python=python,
        axes=pairs,
        stage=stage,
        steps=tuple(Step(name=step, command=step) for step in steps),
        allow_failure=allow_failure,
        retry=retry,
    )


def case(number, outcome=TestOutcome.PASSED, **rest):
    """One of many tests of the sample project."""
    file = ("tests/test_balance.py", "tests/test_client.py", "tests/test_web.py")[number % 3]
    words = ("empty", "deposits", "withdrawals", "two_pages", "a_leap_day", "many_accounts")
    name = f"test_{words[number % 6]}_{number}"
    fields = {
        "name": name,
        "suite": file.removesuffix(".py").replace("/", "."),
        "id": f"{file}::{name}",
        "file": file,
        "line": 10 + number,
        "seconds": round(0.004 + (number * 37 % 101) ** 2 / 9000, 3),
    }
    return TestCase(outcome=outcome, **(fields | rest))


def foreign_account(**rest):
    """The failing test that most of these runs have."""
    fields = {
        "name": "test_statement_of_a_foreign_account",
        "id": "tests/test_balance.py::test_statement_of_a_foreign_account",
        "file": "tests/test_balance.py",
        "line": 42,
        "message": "AssertionError: assert Decimal('1150.00') == Decimal('1250.00')",
        "details": ASSERTION,
        "output": "rates: using the bundled table of 2025-01-01\n",
    }
    return case(3, TestOutcome.FAILED, **(fields | rest))


def pages_followed():
    """A test that already failed before."""
    return case(
        4,
        TestOutcome.ERRORED,
        name="test_pages_are_followed[two pages, slow]",
        id="tests/test_client.py::TestPages::test_pages_are_followed[two pages, slow]",
        message="ConnectionError: https://bank.example/accounts/NL01: connection refused",
        details=TIMEOUT,
        file="tests/test_client.py",
        line=31,
    )


def suite(count, *bad):
    """A report of ``count`` tests, some skipped, with ``bad`` at its end."""
    cases = [
        case(n, TestOutcome.SKIPPED if n % 40 == 7 else TestOutcome.PASSED)
        for n in range(count - len(bad))
    ]
    return TestReport(cases=(*cases, *bad))


COVERAGE = Coverage(
    files=(
        FileCoverage(path="ledger/__init__.py"),
        FileCoverage(
            path="ledger/balance.py",
            executed=(3, 6, 8, 9, 10, 12, 13, 16, 18, 22, 25, 27, 28, 29, 32),
            missing=(11, 19, 20, 21, 30, 31),
        ),
        FileCoverage(
            path="ledger/client.py",
            executed=(3, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 19, 22, 23),
            missing=(20, 21, 25, 26, 27),
        ),
        FileCoverage(path="ledger/web.py", executed=(1, 3)),
    )
)


def violation(path, line, rule, message, *, tool="ruff", level=Level.WARNING):
    return Violation(
        tool=tool,
        rule=rule,
        path=path,
        line=line,
        column=5,
        message=message,
        level=level,
        fingerprint=f"{path}{line}{rule}",
    )


UNDEFINED = (
    violation("ledger/balance.py", 21, "F821", "Undefined name `FrozenAccount`", level=Level.ERROR),
    violation("ledger/client.py", 27, "F821", "Undefined name `time`", level=Level.ERROR),
)
VIOLATIONS = (
    Violations(
        tool="ruff",
        items=(
            *UNDEFINED,
            violation("ledger/client.py", 8, "PTH123", "`open()` should be `Path.open()`"),
            violation("ledger/client.py", 25, "PLR2004", "Magic value used in comparison: 429"),
        ),
    ),
    Violations(
        tool="pylint",
        score=8.75,
        items=(
            violation(
                "ledger/web.py",
                3,
                "C0103",
                "Constant name doesn't conform",
                tool="pylint",
                level=Level.NOTE,
            ),
        ),
    ),
)

PHASES = (
    PhaseTime(phase="checkout", seconds=0.03),
    PhaseTime(phase="environment", seconds=0.02, note="reused"),
    PhaseTime(phase="services", seconds=0.41),
    PhaseTime(phase="steps", seconds=3.11),
    PhaseTime(phase="reports", seconds=0.05),
)


def ended(planned, outcome=Outcome.PASSED, tests=TestReport(), *, at=0.0, seconds=3.6, **rest):  # noqa: B008
    """How a planned job ended, after one attempt."""
    reason = rest.pop("reason", "")
    fields = rest.pop("step", {})
    reused = fields.get("reused", False)
    steps = tuple(
        StepResult(
            **(
                {
                    "name": step.name,
                    "outcome": outcome,
                    "code": {"passed": 0, "failed": 1}.get(outcome),
                    "seconds": 0.0 if reused else seconds * 0.9,
                    "length": 2048,
                }
                | fields
            )
        )
        for step in planned.steps
    )
    report = rest.pop("report", Report(tests=tests))
    attempt = Attempt(
        outcome=outcome,
        reason=reason,
        started=STARTED + at,
        seconds=seconds,
        steps=steps,
        phases=PHASES,
        report=report,
        log=f"jobs/{planned.id}/1.log",
    )
    attempts = rest.pop("attempts", (attempt,))
    return JobResult(
        job=planned.id,
        outcome=outcome,
        reason=reason,
        seconds=seconds,
        attempts=attempts,
        environment=f"cp{planned.python}-5f2a" if planned.python else "",
        interpreter=INTERPRETERS.get(planned.python or "", ""),
        resolution=RESOLUTION if planned.python else "",
        **rest,
    )


TRIGGER = Trigger(
    repository="ledger",
    branch="statement-currency",
    commit="4be1c0ffee5f2a90d2c9d7a86a0f8f2d1f3f9a17",
    message="Convert statements of foreign accounts\n\nWith the rate of the day.",
    author="Ada Lovelace <ada@example.org>",
)
MACHINE = (("system", "Linux 6.1"), ("cores", "2"), ("fairlead", "0.1.0"))


def run(jobs, results, outcome, sentence, **rest):
    """A run of ``jobs`` that ended as ``results``."""
    plan = Plan(
        source="fairlead.yml",
        origin=Origin.NATIVE,
        jobs=tuple(jobs),
        stages=("lint", "test"),
        skipped=rest.get("skipped", ()),
        warnings=rest.pop("warnings", ()),
    )
    return RunResult(
        number=rest.pop("number", 12),
        outcome=outcome,
        trigger=TRIGGER,
        plan=plan,
        tree="b1946ac92492d2347c6235b4d2611184",
        started=STARTED,
        seconds=rest.pop("seconds", 7.4),
        jobs=tuple(results),
        verdict=Verdict(outcome=outcome, sentence=sentence),
        machine=MACHINE,
        **rest,
    )


def passed():
    """Three versions and a reused lint step, all fine."""
    lint = job("lint", "3.12", steps=("ruff check",), stage="lint")
    units = [job("unit", version) for version in ("3.11", "3.12", "3.13")]
    tests = suite(240)
    results = [
        ended(lint, seconds=0.1, step={"reused": True}),
        *(ended(unit, tests=tests, at=n * 3.4) for n, unit in enumerate(units)),
    ]
    return run(
        [lint, *units],
        results,
        Outcome.PASSED,
        "all 720 tests passed in 4 jobs; coverage 74.4 % (+0.4) — 7.4 s",
        report=Report(
            coverage=COVERAGE,
            violations=(Violations(tool="ruff"),),
            docs=DocCoverage(documented=18, total=20, missing=("ledger/web.py:3 index",)),
        ),
        comparison=Comparison(base="11", coverage=74.42, coverage_before=74.0),
    )


def failed():
    """A matrix with new and old failures, new violations, a retry, an allowed failure."""
    lint = job("lint", steps=("ruff check", "pylint"), stage="lint")
    units = [job("unit", version) for version in ("3.9", "3.11", "3.12", "3.13")]
    web = [
        job("web", "3.12", axes=(("django", "4.2"),), allow_failure=True),
        job("web", "3.12", axes=(("django", "5.2"),)),
        job("web", "3.13", axes=(("django", "5.2"),), retry=Retry(times=2)),
    ]
    docs = job("docs", "3.12", steps=("sphinx-build",))
    new, old = foreign_account(), pages_followed()
    flaky = ended(web[2], tests=suite(32), seconds=6.2, at=5.2)
    first = ended(web[2], Outcome.FAILED, suite(32, old), reason="exit code 1").attempts
    results = [
        ended(
            lint,
            Outcome.FAILED,
            report=Report(violations=VIOLATIONS),
            seconds=0.6,
            reason="2 new violations (none allowed)",
        ),
        ended(units[0], tests=suite(240), at=0.2),
        ended(units[1], tests=suite(240), at=0.7),
        ended(units[2], Outcome.FAILED, suite(240, old, new), at=3.8, reason="exit code 1"),
        ended(units[3], Outcome.FAILED, suite(240, old, new), at=4.4, reason="exit code 1"),
        ended(web[0], Outcome.FAILED, suite(32, old), at=7.0, reason="exit code 1"),
        ended(web[1], tests=suite(32), at=7.6, isolated=False),
        ended(web[2], tests=suite(32), seconds=6.2, attempts=(*first, *flaky.attempts)),
        ended(docs, seconds=0.1, at=1.2, step={"reused": True}),
    ]
    changes = [TestChange(job=unit.id, case=new) for unit in units[2:]]
    return run(
        [lint, *units, *web, docs],
        results,
        Outcome.FAILED,
        "2 new test failures in unit (3.12, 3.13), 2 new violations; coverage of the changed "
        "lines 66 % (minimum 90 %) — 12 s",
        seconds=12.3,
        skipped=(Skipped(job="deploy", reason="branch is statement-currency, not main"),),
        warnings=(
            Problem(
                location=Location(file="fairlead.yml", line=14, column=3),
                message="key 'tmeout' is ignored",
                hint="did you mean 'timeout'?",
                warning=True,
            ),
        ),
        report=Report(
            coverage=COVERAGE,
            violations=VIOLATIONS,
            docs=DocCoverage(documented=18, total=20, missing=("ledger/web.py:3 index",)),
        ),
        comparison=Comparison(
            base="11",
            new_failures=tuple(changes),
            still_failing=(TestChange(job=units[2].id, case=old),),
            fixed=(TestChange(job=units[2].id, case=case(9)),),
            new_violations=UNDEFINED,
            coverage=74.42,
            coverage_before=76.2,
            changed_coverage=66.6,
            changed_missing=("ledger/balance.py:30", "ledger/balance.py:31"),
            scores=(("pylint", 8.5, 8.75),),
        ),
        notices=(
            "web-3.12-django5.2 ran not isolated: bubblewrap is not installed",
            "requirements.txt has no hashes; resolved to 10 packages as of 2025-10-09",
        ),
    )


def errored():
    """A missing interpreter, an environment that could not be resolved, a silent step."""
    jobs = [job("unit", "3.4"), job("unit", "3.12"), job("functional", "3.12")]
    reason = (
        "no versions of these requirements fit together\n"
        "  Because only flask<=3.1.2 is available and you require flask>=4,\n"
        "  we can conclude that your requirements are unsatisfiable."
    )
    results = [
        JobResult(
            job=jobs[0].id,
            outcome=Outcome.ERRORED,
            reason="Python 3.4 not found (looked in PATH, pyenv)",
        ),
        ended(jobs[1], Outcome.ERRORED, reason=reason, seconds=0.9, attempts=()),
        ended(
            jobs[2],
            Outcome.ERRORED,
            reason="step pytest wrote nothing for 10 min",
            seconds=603.0,
            step={"reason": "wrote nothing for 10 min", "code": -9},
        ),
    ]
    return run(
        jobs,
        results,
        Outcome.ERRORED,
        "3 of 3 jobs could not be completed — 10 min 03 s",
        seconds=603.0,
    )


def cancelled():
    """Ended by Ctrl-C in the middle."""
    jobs = [job("unit", version) for version in ("3.11", "3.12", "3.13")]
    results = [
        ended(jobs[0], tests=suite(240)),
        ended(jobs[1], Outcome.CANCELLED, suite(51), reason="interrupted"),
        JobResult(job=jobs[2].id, outcome=Outcome.CANCELLED, reason="interrupted"),
    ]
    return run(
        jobs, results, Outcome.CANCELLED, "interrupted after 4.1 s; 1 of 3 jobs passed", seconds=4.1
    )


def huge():
    """Two hundred jobs, twenty thousand tests, many failures, long output, a large source file."""
    versions = ("3.9", "3.11", "3.12", "3.13")
    jobs = [
        job("unit", version, axes=(("django", f"{n // 10}.{n % 10}"),))
        for n in range(50)
        for version in versions
    ]
    bad = tuple(
        case(
            n,
            TestOutcome.FAILED,
            message=f"ValueError: number {n}",
            details="\n".join(f"line {k} of a long traceback {'x' * 60}" for k in range(300)),
            output="y" * 200_000,
        )
        for n in range(150)
    )
    tests = suite(100)
    results = [ended(planned, tests=tests, at=n / 3) for n, planned in enumerate(jobs[:-2])]
    results += [
        ended(
            planned,
            Outcome.FAILED,
            TestReport(cases=(*tests.cases, *bad)),
            at=60.0,
            reason="exit code 1",
        )
        for planned in jobs[-2:]
    ]
    lines = tuple(range(1, 4001))
    files = [
        FileCoverage(path=f"big/module_{n:03}.py", executed=lines[::2], missing=lines[1::2])
        for n in range(120)
    ]
    found = tuple(
        violation(f"big/module_{n % 90:03}.py", n, "E501", f"Line too long ({n} > 100)")
        for n in range(1, 5000)
    )
    return run(
        jobs,
        results,
        Outcome.FAILED,
        "150 new test failures in unit (3.12, 3.13) — 5 min 12 s",
        seconds=312.0,
        report=Report(
            coverage=Coverage(files=tuple(files)),
            violations=(Violations(tool="ruff", items=found),),
        ),
    )


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b]0;title\x07\x1b[2J\x00\udcff\u202e"


def hostile():
    """Every text a project can influence tries to break out."""
    planned = job(HOSTILE, "3.12", steps=(HOSTILE,))
    bad = case(
        1,
        TestOutcome.FAILED,
        **dict.fromkeys(("name", "suite", "id", "message", "details", "output"), HOSTILE),
    )
    found = violation(HOSTILE, 3, HOSTILE, HOSTILE)
    return run(
        [planned],
        [ended(planned, Outcome.FAILED, TestReport(cases=(bad,)), reason=HOSTILE)],
        Outcome.FAILED,
        HOSTILE,
        report=Report(
            coverage=Coverage(files=(FileCoverage(path=HOSTILE, executed=(1,), missing=(2,)),)),
            violations=(Violations(tool=HOSTILE, items=(found,)),),
            problems=(HOSTILE,),
        ),
        comparison=Comparison(new_violations=(found,), changed_missing=(f"{HOSTILE}:2",)),
        notices=(HOSTILE,),
        skipped=(Skipped(job=HOSTILE, reason=HOSTILE),),
    )


def events_of(result, output=b"collected\n"):
    """The events that such a run sends, one job after the other."""
    yield RunStarted(
        time=result.started, number=result.number, plan=result.plan, isolation="bubblewrap"
    )
    yield Notice(time=result.started, text="resolved 10 packages")
    for job_result in result.jobs:
        yield from _job_events(job_result, output)
    yield RunFinished(time=result.started + result.seconds, result=result)


def _job_events(result, output) -> "list[Event]":
    found = []
    for number, attempt in enumerate(result.attempts, 1):
        now, where = attempt.started, {"job": result.job, "attempt": number}
        found.append(JobStarted(time=now, **where))
        found.append(Progress(time=now, job=result.job, text="installing 10 packages"))
        found.append(
            PhaseFinished(time=now, **where, phase="environment", seconds=1.2, note="made")
        )
        for index, step in enumerate(attempt.steps):
            here = where | {"time": now, "step": index}
            found.append(StepStarted(**here, name=step.name, phase=Phase.SCRIPT))
            found.append(Output(**here, data=output))
            cases = attempt.report.tests.cases
            if cases:
                found.append(TestsCollected(**here, count=len(cases)))
            found += [TestFinished(**here, case=one) for one in cases]
            ends = {"outcome": step.outcome, "seconds": step.seconds, "code": step.code}
            found.append(StepFinished(**here, **ends, reused=step.reused, reason=step.reason))
        found.append(
            JobFinished(
                time=now + attempt.seconds,
                **where,
                outcome=attempt.outcome,
                seconds=attempt.seconds,
                reason=attempt.reason,
                again=number < len(result.attempts),
            )
        )
    if not result.attempts:
        found.append(
            JobFinished(
                time=STARTED,
                job=result.job,
                attempt=1,
                outcome=result.outcome,
                seconds=0.0,
                reason=result.reason,
            )
        )
    return found
