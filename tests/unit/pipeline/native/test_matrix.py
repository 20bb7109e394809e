"""Cells of a job: their order, ids, values in texts, and which may fail."""


def ids(plan):
    return [job.id for job in plan.jobs]


def test_python_first_then_axes_as_written(make):
    plan = make("""
        python: [3.11, 3.12]
        jobs:
          unit:
            run: x
            matrix:
              DB: [sqlite, postgres]
              MODE: fast
              exclude: [{python: 3.11, DB: postgres}]
              include: [{python: 3.13}, {DB: "my sql/8", MODE: slow}]
    """)
    assert ids(plan) == [
        "unit-3.11-sqlite-fast", "unit-3.12-sqlite-fast", "unit-3.12-postgres-fast",
        "unit-3.13-sqlite-fast", "unit-3.11-my-sql-8-slow",
    ]  # fmt: skip
    last = plan.jobs[-1]
    assert last.axes == (("python", "3.11"), ("DB", "my sql/8"), ("MODE", "slow"))
    assert last.env == (("DB", "my sql/8"), ("MODE", "slow"))
    assert [job.python for job in plan.jobs] == ["3.11", "3.12", "3.12", "3.13", "3.11"]


def test_python_in_the_matrix_stands_for_the_jobs_own(make):
    plan = make("python: [3.11]\njobs: {a: {run: x, matrix: {B: [1, 2], python: [3.12, 3.13]}}}")
    assert ids(plan) == ["a-3.12-1", "a-3.12-2", "a-3.13-1", "a-3.13-2"]


def test_values_are_filled_into_all_texts(make):
    plan = make("""
        env: {WHERE: "db-${{ DB }}"}
        jobs:
          unit:
            matrix: {DB: [sqlite], python: [3.12]}
            install: {packages: ["x==${{python}}", "${{ DB }}"], project: none}
            services: {s: {command: "run-${{ DB }} {port}", env: {A: "${{ DB }}{port}"}}}
            run:
              - {run: "test ${{ DB }} ${DB} ${{DB}}", name: "on ${{ DB }}", env: {B: "${{  python  }}"}}
            artifacts: ["${{ DB }}/*"]
            reports: {junit: "${{ DB }}.xml"}
            cache: {inputs: "src-${{ DB }}"}
    """)
    (job,) = plan.jobs
    step = job.steps[0]
    assert dict(job.env) == {"WHERE": "db-sqlite", "DB": "sqlite"}
    assert job.install.packages == ("x==3.12", "sqlite")
    assert (job.services[0].command, job.services[0].env) == (
        "run-sqlite {port}",
        (("A", "sqlite{port}"),),
    )
    assert (step.command, step.name, step.env) == (
        "test sqlite ${DB} sqlite",
        "on sqlite",
        (("B", "3.12"),),
    )
    assert (step.reuse.inputs, step.reuse.outputs) == (("src-sqlite",), ("sqlite/*", "sqlite.xml"))
    assert job.artifacts.paths == ("sqlite/*",)
    assert job.reports.junit == ("sqlite.xml",)


def test_values_do_not_stand_for_other_values(complaints):
    assert complaints("jobs: {a: {run: x, matrix: {A: '${{ B }}', B: '2'}}}") == [
        "fairlead.yml:1:32: ${{ }} is not filled in under A"
    ]


def test_cells_that_may_fail(make):
    plan = make("""
        jobs:
          unit:
            run: x
            matrix: {python: [3.11, 3.12], DB: [a, b], include: {python: 3.14}}
            allow_failure: [{python: 3.14}, {python: [3.11, 3.12], DB: b}]
          all: {run: x, allow_failure: true}
          one: {run: x, matrix: {DB: [a, b]}, allow_failure: {DB: a}}
    """)
    assert [job.id for job in plan.jobs if job.allow_failure] == [
        "unit-3.11-b", "unit-3.12-b", "unit-3.14-a", "all", "one-a",
    ]  # fmt: skip


def test_ids_stay_apart(make):
    plan = make("jobs: {a: {run: x, matrix: {B: [1/2, 1 2, c]}}, a-c: x, A-C: x}")
    assert ids(plan) == ["a-1-2", "a-1-2-2", "a-c", "a-c-2", "A-C-3"]
