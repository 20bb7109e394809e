"""Every key of a job and of the file, and what it becomes."""

import pytest

from fairlead.model import (
    Artifacts,
    CoverageGate,
    Install,
    Limits,
    Network,
    Origin,
    Phase,
    ReportFiles,
    Retry,
    Reuse,
    Service,
    Step,
    ViolationGate,
)


def ids(plan):
    return [job.id for job in plan.jobs]


@pytest.mark.parametrize(
    "body", ["pytest", "[pytest]", "{run: pytest}", "{run: [pytest]}", "{run: [{run: pytest}]}"]
)
def test_all_ways_to_write_a_job(make, body):
    plan = make(f"jobs: {{unit: {body}}}")
    (job,) = plan.jobs
    assert (job.id, job.name, job.stage, job.axes) == ("unit", "unit", "test", ())
    assert job.steps == (Step(name="pytest", command="pytest", label="run"),)
    assert (plan.source, plan.origin, plan.stages) == ("fairlead.yml", Origin.NATIVE, ("test",))
    assert (job.timeout, job.silence, job.session) == (3600.0, 600.0, False)


def test_a_list_of_pythons_is_an_axis_and_a_single_one_is_not(make):
    plan = make("""
        python: ["3.10", 3.9]
        jobs:
          unit: pytest
          lint: {python: 3.12, run: ruff check}
          one: {python: [3.12], run: pytest}
          files: {python: none, run: "test -f x"}
    """)
    assert ids(plan) == ["unit-3.10", "unit-3.9", "lint", "one-3.12", "files"]
    assert [job.python for job in plan.jobs] == ["3.10", "3.9", "3.12", "3.12", None]
    assert [job.axes for job in plan.jobs] == [
        (("python", "3.10"),),
        (("python", "3.9"),),
        (),
        (("python", "3.12"),),
        (),
    ]
    assert {job.name for job in plan.jobs[:2]} == {"unit"}
    assert plan.jobs[4].install == Install()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "3"),
        ("3.11.4\n", "3.11.4"),
        ("# x\n", "3"),
        ("system\n", "3"),
        ("3.12\n3.11\n", "3.12"),
    ],
)
def test_the_default_python(make, files, data, expected):
    if data is not None:
        files[".python-version"] = data
    assert make("jobs: {unit: pytest}").jobs[0].python == expected


def test_variables_are_added_up_and_axes_come_last(make):
    plan = make("""
        env: {A: 1, B: "", C: file}
        jobs:
          unit:
            env: {C: job, D: ~, E: job}
            matrix: {E: [axis]}
            run: {run: pytest, env: {C: step}}
    """)
    assert plan.jobs[0].env == (("A", "1"), ("B", ""), ("C", "job"), ("D", ""), ("E", "axis"))
    assert plan.jobs[0].steps[0].env == (("C", "step"),)


def test_values_stay_texts(job):
    assert dict(job("{run: x, env: {A: 3.10, B: on, C: 0x1F}}").env) == {
        "A": "3.10",
        "B": "on",
        "C": "0x1F",
    }


def test_install_is_detected_where_it_is_absent(make, files):
    del files["pylock.toml"]
    assert make("jobs: {unit: pytest}").jobs[0].install == Install(
        requirements=("requirements.txt", "requirements/test.txt"),
        constraints=("constraints.txt",),
        groups=("test",),
        project="editable",
    )


def test_install_as_written(make):
    plan = make("""
        install:
          requirements: requirements/test.txt
          constraints: [constraints.txt]
          packages: [pytest-xdist>=3, "mock; python_version < '3'"]
          extras: postgres
          groups: [test]
        jobs:
          unit: pytest
          auto: {install: auto, run: pytest}
          none: {install: none, run: pytest}
          lock: {install: {lock: pylock.toml, project: wheel}, run: pytest}
    """)
    unit, auto, none, lock = (job.install for job in plan.jobs)
    assert unit == Install(
        requirements=("requirements/test.txt",),
        constraints=("constraints.txt",),
        packages=("pytest-xdist>=3", "mock; python_version < '3'"),
        extras=("postgres",),
        groups=("test",),
        project="editable",
    )
    assert auto == Install(lock="pylock.toml", groups=("test",), project="editable")
    assert none == Install()
    assert lock == Install(lock="pylock.toml", project="wheel")


def test_stages(make):
    plan = make("""
        stages: [lint, pack, ship]
        jobs:
          ship: {stage: ship, run: x}
          unit: {run: x}
          pack: {stage: pack, run: x}
    """)
    assert plan.stages == ("lint", "pack", "ship")
    assert ids(plan) == ["unit", "pack", "ship"]
    assert plan.jobs[0].stage == "lint"


def test_stages_in_order_of_appearance(make):
    plan = make("jobs: {a: {stage: pack, run: x}, b: x, c: {stage: pack, run: x}}")
    assert plan.stages == ("pack", "test")
    assert ids(plan) == ["a", "c", "b"]


@pytest.mark.parametrize("key", ["fail_fast", "fast_finish"])
@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("yes", True), ("off", False), ("false", False)]
)
def test_flags(make, key, text, expected):
    assert getattr(make(f"{key}: {text}\njobs: {{a: x}}"), key) is expected


def test_steps_of_all_phases(job):
    found = job("""
        setup: make db
        run:
          - |
            # a comment first
            ./first --thing
            ./second
          - run: ruff check .
            name: style
            env: {A: 1}
            timeout: 1h30m
            silence: none
            retry: {times: 2, on: timeout}
            tool: none
          - some-linter
        after: [cat log]
    """)
    setup, script, style, other, after = found.steps
    assert setup == Step(name="make db", command="make db", phase=Phase.SETUP, label="setup")
    assert script.name == "./first --thing"
    assert script.command == "# a comment first\n./first --thing\n./second\n"
    assert style == Step(
        name="style", command="ruff check .", label="run", env=(("A", "1"),), timeout=5400.0, silence=0.0,
        retry=Retry(times=2, on=("timeout",)), reuse=Reuse(),
    )  # fmt: skip
    assert other.reuse is None
    assert after == Step(name="cat log", command="cat log", phase=Phase.AFTER, label="after")


def test_a_long_command_has_a_short_name(job):
    name = job(f"run: {'x' * 80}").steps[0].name
    assert len(name) == 60
    assert name.endswith("…")


def test_tools_are_told_or_named(job):
    found = job("run: [flake8, pytest, {run: ./style, tool: pylint}]")
    assert [step.tool for step in found.steps] == ["flake8", "", "pylint"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("run: ruff check .", Reuse()),
        ("run: pytest", None),
        ("{run: ruff check ., cache: false}", None),
        ("{run: pytest, cache: true}", Reuse()),
        ("{run: {run: pytest, cache: true}, cache: false}", Reuse()),
        ("run: {run: ruff check ., cache: off}", None),
        ("{run: make html, artifacts: html/**}", Reuse(outputs=("html/**",))),
        ("{run: flake8, reports: {violations: {flake8: out.txt}, junit: a.xml, coverage: c.json}}", Reuse(outputs=("a.xml", "c.json", "out.txt"))),
        ("{run: {run: x, cache: {inputs: src/, env: [A], files: data.bin, outputs: out/}}, artifacts: y}", Reuse(inputs=("src/",), env=("A",), files=("data.bin",), outputs=("out/",))),
        ("{run: {run: x, cache: {inputs: [src/, docs/**]}}, artifacts: y}", Reuse(inputs=("src/", "docs/**"), outputs=("y",))),
        ("{run: {run: x, cache: {}}}", Reuse()),
    ],
)  # fmt: skip
def test_reuse(job, body, expected):
    assert job(body).steps[0].reuse == expected


def test_built_docs_are_not_reused_where_a_later_step_may_want_them(job):
    assert [step.reuse for step in job("run: [make html, ./check html]").steps] == [None, None]
    assert [step.reuse for step in job("run: [ruff check, make html]").steps] == [Reuse(), Reuse()]


def test_preparing_and_cleaning_up_are_not_reused_by_the_jobs_word(job):
    found = job(
        "{setup: [ruff check, {run: x, cache: true}], run: y, after: ruff check, cache: true}"
    )
    assert [step.reuse for step in found.steps] == [None, Reuse(), Reuse(), None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[postgres, redis]", (Service(name="postgres", kind="postgres"), Service(name="redis", kind="redis"))),
        ("[]", ()),
        ("~", ()),
        ("{redis: }", (Service(name="redis", kind="redis"),)),
        ("{db: {kind: postgres, version: 15, env: {URL: 'postgres://{host}:{port}/'}}}", (Service(name="db", kind="postgres", version="15", env=(("URL", "postgres://{host}:{port}/"),)),)),
        ("{mail: {command: 'smtpd {port}', ready: 'nc -z {host} {port}', timeout: 2 min}}", (Service(name="mail", kind="command", command="smtpd {port}", ready="nc -z {host} {port}", timeout=120.0),)),
    ],
)  # fmt: skip
def test_services(job, text, expected):
    assert job(f"{{run: x, services: {text}}}").services == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("network: full", Network()),
        ("network: none", Network(mode="none")),
        (
            "network: [a.example, '*.b.example:443']",
            Network(mode="hosts", hosts=("a.example", "*.b.example:443")),
        ),
    ],
)
def test_network(job, text, expected):
    assert job(f"run: x\n{text}").network == expected


def test_limits(job):
    found = job("{run: x, limits: {memory: 2 GiB, disk: 1 GB, processes: 50, files: 1024}}").limits
    assert found == Limits(memory=2 << 30, disk=10**9, processes=50, files=1024)


@pytest.mark.parametrize(
    ("text", "timeout", "silence"),
    [
        ("timeout: 90 s", 90, 600),
        ("silence: none", 3600, None),
        ("silence: 1 min", 3600, 60),
        ("timeout: 2h", 7200, 600),
    ],
)
def test_time_limits(job, text, timeout, silence):
    found = job(f"run: x\n{text}")
    assert (found.timeout, found.silence) == (timeout, silence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", Retry(times=2)),
        ("0", Retry(times=0)),
        ("{times: 1, on: [errored, timeout]}", Retry(times=1, on=("errored", "timeout"))),
        ("{times: 3, on: failed}", Retry(times=3, on=("failed",))),
    ],
)
def test_retry(job, text, expected):
    assert job(f"run: x\nretry: {text}").retry == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dist/*", Artifacts(paths=("dist/*",))),
        ("[a, ./b/**]", Artifacts(paths=("a", "b/**"))),
        ("{paths: a, days: 30}", Artifacts(paths=("a",), days=30)),
    ],
)
def test_artifacts(job, text, expected):
    assert job(f"run: x\nartifacts: {text}").artifacts == expected


def test_reports(job):
    found = job("""
        run: x
        reports:
          junit: [a.xml, b/*.xml]
          coverage: coverage.json
          violations: {ruff: ruff.json, pylint: [a.txt, b.txt]}
    """).reports
    pairs = (("ruff", "ruff.json"), ("pylint", "a.txt"), ("pylint", "b.txt"))
    assert found == ReportFiles(
        junit=("a.xml", "b/*.xml"), coverage=("coverage.json",), violations=pairs
    )


@pytest.mark.parametrize(
    ("text", "measured", "gate"),
    [
        ("true", True, None),
        ("false", False, None),
        ("{minimum: 85 %}", True, CoverageGate(minimum=85.0)),
        ("{changed: 92.5, minimum: 0}", True, CoverageGate(minimum=0.0, changed=92.5)),
    ],
)
def test_coverage(job, text, measured, gate):
    found = job(f"run: pytest\ncoverage: {text}")
    assert (found.measure_coverage, found.coverage) == (measured, gate)


def test_linters_pass_over_the_files_coverage_but_not_their_own(make):
    plan = make("""
        coverage: {minimum: 85}
        jobs: {a: pytest, b: ruff check, c: {run: ruff check, coverage: true}, d: [ruff check, pytest]}
    """)
    assert [job.measure_coverage for job in plan.jobs] == [True, False, True, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no_new", (ViolationGate(no_new=True),)),
        ("{maximum: 0}", (ViolationGate(maximum=0),)),
        ("{maximum: 5, no_new: true}", (ViolationGate(maximum=5, no_new=True),)),
        ("{ruff: {maximum: 3}, mypy: no_new}", (ViolationGate(tool="ruff", maximum=3), ViolationGate(tool="mypy", no_new=True))),
        ("{maximum: 9, ruff: {maximum: 3}}", (ViolationGate(maximum=9), ViolationGate(tool="ruff", maximum=3))),
        ("{}", ()),
    ],
)  # fmt: skip
def test_violations(job, text, expected):
    assert job(f"run: x\nviolations: {text}").violations == expected


def test_secrets_are_added_up(make):
    plan = make("secrets: [A, B]\njobs: {a: {run: x, secrets: [B, C]}, b: x}")
    assert [job.secrets for job in plan.jobs] == [("A", "B", "C"), ("A", "B")]


@pytest.mark.parametrize("text", ["error", "skip"])
def test_missing(job, text):
    assert job(f"run: x\nmissing: {text}").missing == text


def test_shared_keys_come_from_the_file_and_a_job_can_replace_them(make):
    plan = make("""
        timeout: 5 min
        silence: 1 min
        retry: 2
        network: none
        missing: skip
        services: [redis]
        limits: {processes: 9}
        cache: true
        violations: no_new
        install: none
        jobs:
          a: x
          b:
            run: x
            timeout: 6 min
            silence: none
            retry: 0
            network: full
            missing: error
            services: []
            limits: {}
            cache: false
            violations: {}
            install: {packages: flask}
    """)
    a, b = plan.jobs
    assert (a.timeout, a.silence, a.retry, a.network.mode, a.missing) == (
        300,
        60,
        Retry(times=2),
        "none",
        "skip",
    )
    assert (a.services[0].kind, a.limits.processes, a.violations, a.install) == (
        "redis",
        9,
        (ViolationGate(no_new=True),),
        Install(),
    )
    assert a.steps[0].reuse == Reuse()
    assert (b.timeout, b.silence, b.retry, b.network.mode, b.missing) == (
        360,
        None,
        Retry(times=0),
        "full",
        "error",
    )
    assert (b.services, b.limits, b.violations, b.install.packages) == (
        (),
        Limits(),
        (),
        ("flask",),
    )
    assert b.steps[0].reuse is None


def test_anchors_have_a_place_of_their_own(make):
    plan = make("""
        x-common: &common {timeout: 5 min, env: {A: 1}}
        jobs:
          a: {<<: *common, run: x}
          b: {<<: *common, run: y, timeout: 1 min}
    """)
    assert [(job.timeout, job.env) for job in plan.jobs] == [
        (300, (("A", "1"),)),
        (60, (("A", "1"),)),
    ]
