"""What is said of mistakes: all at once, each with its place and what was probably meant."""

import pytest


def test_everything_is_said_at_once_in_the_order_of_the_file(complaints):
    assert complaints("""
        pyhton: ["3.11", "3.12"]
        env: [A]
        timeout: soon
        stages: [test, build]
        jobs:
          lint:
            script: ruff
            stage: biuld
          unit:
            run: pytest ${{ matrix.python }} ${{ djngo }}
            timeout: 5 parsecs
            needs: [lnt, pack]
            matrix: {django: [4, 5, 4], exclude: [{djago: 4}, {django: 6}]}
            retry: {time: 2}
            allow_failure: maybe
            services: {mysql: }
          pack:
            needs: unit
            stage: build
            run: x
            network: ful
            when: {paths: x, branch: "!main"}
            install: {requirements: requirments.txt, groups: tset, extras: [postgre]}
    """) == [
        "fairlead.yml:2:1: unknown key 'pyhton' at the top of the file (did you mean 'python'?)",
        "fairlead.yml:3:6: env takes a mapping of variables, not a list",
        "fairlead.yml:4:10: timeout takes a duration such as `90 s`, `10 min` or `1h30m`, not 'soon'",
        "fairlead.yml:8:5: unknown key 'script' under lint (write `run`)",
        "fairlead.yml:8:5: lint must have the key 'run'",
        "fairlead.yml:9:12: there is no stage 'biuld' (did you mean 'build'?)",
        "fairlead.yml:11:10: unit has no axis 'matrix.python' (write ${{ python }})",
        "fairlead.yml:11:10: unit has no axis 'djngo' (did you mean 'django'?)",
        "fairlead.yml:12:14: timeout takes a duration such as `90 s`, `10 min` or `1h30m`, not '5 parsecs'",
        "fairlead.yml:13:13: there is no job 'lnt' to need (did you mean 'lint'?)",
        "fairlead.yml:13:18: unit of stage 'test' cannot need pack of the later stage 'build'",
        "fairlead.yml:14:29: '4' is twice in the axis 'django'",
        "fairlead.yml:14:44: there is no axis 'djago' (did you mean 'django'?)",
        "fairlead.yml:14:64: the axis 'django' has no value '6' (its values: 4, 5)",
        "fairlead.yml:15:12: retry must have the key 'times'",
        "fairlead.yml:15:13: unknown key 'time' under retry (did you mean 'times'?)",
        "fairlead.yml:16:20: allow_failure takes true, false, or a list of matrix cells, not 'maybe'",
        "fairlead.yml:17:16: the service 'mysql' needs a `command` (ready-made services: postgres, redis)",
        "fairlead.yml:19:12: these jobs need each other: unit -> pack -> unit",
        "fairlead.yml:22:14: network takes `full`, `none`, or a list of hosts, not 'ful' (did you mean 'full'?)",
        "fairlead.yml:23:12: unknown key 'paths' under when (write `changed`)",
        "fairlead.yml:24:29: the project has no file 'requirments.txt' (did you mean 'requirements.txt'?)",
        "fairlead.yml:24:54: there is no dependency group 'tset' (did you mean 'test'?)",
        "fairlead.yml:24:69: the project has no extra 'postgre' (did you mean 'postgres'?)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file must have the key 'jobs'"),
        ("# only a comment", "1:1: the file must have the key 'jobs'"),
        ("- a", "1:1: the file takes a mapping with the key `jobs`, not a list"),
        ("pytest", "1:1: the file takes a mapping with the key `jobs`, not 'pytest'"),
        ("jobs:", "1:1: there are no jobs (name at least one under `jobs`)"),
        ("jobs: {}", "1:1: there are no jobs (name at least one under `jobs`)"),
        ("jobs: [a]", "1:7: jobs takes a mapping of jobs, not a list"),
        ("jobs: {a: }", "1:8: a has nothing to run"),
        ("jobs: {a: ''}", "1:11: a takes a command, a list of commands, or a mapping, not ''"),
        ("jobs: {a: []}", "1:8: a has nothing to run"),
        ("jobs: {a: {run: }}", "1:8: a has nothing to run"),
        ("jobs: {a: {}}", "1:11: a must have the key 'run'"),
        ("jobs: {a/b: x}", "1:8: 'a/b' is not a job's name"),
        ("jobs: {.a: x}", "1:8: '.a' is not a job's name"),
        ("jobs: {a: x, a: y}", "1:14: the key 'a' is here twice (first fairlead.yml:1:8)"),
        ("jobs: {a: [[x]]}", "1:12: a takes a command, or a mapping with `run`, not a list"),
        ("jobs: {a: [{cmd: x}]}", "1:13: unknown key 'cmd' under a (known keys: run, name, env, timeout, silence, retry, cache, tool)"),
        ("jobs: {a: {run: x, fail_fast: true}}", "1:20: unknown key 'fail_fast' under a (fail_fast stands at the top of the file)"),
        ("needs: a\njobs: {a: x}", "1:1: unknown key 'needs' at the top of the file (needs belongs to a job)"),
        ("language: python\njobs: {a: x}", "1:1: unknown key 'language' at the top of the file (this is .travis.yml's; `fairlead init` translates it)"),
        ("python: three\njobs: {a: x}", "1:9: python takes a Python version, a list of them, or `none`, not 'three'"),
        ("python: [3.12, x]\njobs: {a: x}", "1:16: python takes a Python version such as `3.12`, not 'x'"),
        ("python: []\njobs: {a: x}", "2:8: the axis 'python' is empty (give it a value)"),
        ("env: {1A: x}\njobs: {a: x}", "1:7: '1A' is not a variable's name"),
        ("env: {A: [x]}\njobs: {a: x}", "1:10: A takes a text, not a list"),
        ("fail_fast: maybe\njobs: {a: x}", "1:12: fail_fast takes true or false, not 'maybe'"),
        ("retry: 11\njobs: {a: x}", "1:8: retry takes a number from 0 to 10, or a mapping with `times` and `on`, not '11'"),
        ("retry: {times: 1, on: [fail]}\njobs: {a: x}", "1:24: on takes `failed` or `errored` or `timeout`, not 'fail' (did you mean 'failed'?)"),
        ("timeout: 0\njobs: {a: x}", "1:10: timeout takes a duration such as `90 s`, `10 min` or `1h30m`, not '0'"),
        ("silence: never\njobs: {a: x}", "1:10: silence takes a duration such as `10 min`, or `none`, not 'never'"),
        ("limits: {memory: lots}\njobs: {a: x}", "1:18: memory takes a size such as `512 MB` or `2 GiB`, not 'lots'"),
        ("coverage: 85\njobs: {a: x}", "1:11: coverage takes true, false, or a mapping with `minimum` and `changed`, not '85'"),
        ("coverage: {minimum: 101}\njobs: {a: x}", "1:21: minimum takes a percentage from 0 to 100, not '101'"),
        ("violations: none\njobs: {a: x}", "1:13: violations takes `no_new`, or a mapping with `maximum`, `no_new` or tools, not 'none'"),
        ("missing: ignore\njobs: {a: x}", "1:10: missing takes `error` or `skip`, not 'ignore'"),
        ("install: requirements.txt\njobs: {a: x}", "1:10: install takes a mapping of what to install, `auto` or `none`, not 'requirements.txt'"),
        ("install: {requirements: /etc/passwd}\njobs: {a: x}", "1:25: requirements takes a file of the project, not '/etc/passwd'"),
        ("install: {lock: ../uv.lock}\njobs: {a: x}", "1:17: lock takes a file of the project, not '../uv.lock'"),
        ("secrets: [a b]\njobs: {a: x}", "1:11: secrets takes a variable's name, not 'a b'"),
        ("services: {a/b: {command: x}}\njobs: {a: x}", "1:12: 'a/b' is not a service's name"),
        ("services: [mysql]\njobs: {a: x}", "1:12: services takes `postgres` or `redis`, not 'mysql'"),
        ("network: [a/b]\njobs: {a: x}", "1:11: network takes a host's name, not 'a/b' (`*.example.org` means all below it, `example.org:443` one port, `*` every host)"),
        ("jobs: {a: {run: x, artifacts: ../x}}", "1:31: artifacts takes a glob, a list of globs, or a mapping with `paths` and `days`, not '../x'"),
        ("jobs: {a: {run: x, artifacts: {days: 3}}}", "1:31: artifacts must have the key 'paths'"),
        ("jobs: {a: {run: x, needs: a}}", "1:27: these jobs need each other: a -> a"),
        ("jobs: {a: {run: x, needs: '*'}}", "1:27: needs takes a job's name, not '*'"),
        ("jobs: {a: {run: x, when: main}}", "1:26: when takes a mapping, not 'main'"),
        ("jobs: {a: {run: x, when: {event: pull}}}", "1:34: event takes an event (push, pull_request, tag, cron, manual, api, local), or `!` and one, not 'pull'"),
        ("jobs: {a: {run: x, when: {branch: '${{ python }}'}}}", "1:35: ${{ }} is not filled in under branch"),
        ("jobs: {a: {run: x, when: {branch: !main}}}", "1:40: not YAML: did not find expected whitespace or line break while scanning a tag (quote a text that begins with !)"),
        ("jobs: {a: {run: x, matrix: {b: }}}", "1:29: the axis 'b' is empty (give it a value)"),
        ("jobs: {a: {run: x, matrix: {b: [[x]]}}}", "1:33: b takes a value, not a list"),
        ("jobs: {a: {run: x, matrix: {b-c: 1}}}", "1:29: 'b-c' is not an axis"),
        ("jobs: {a: {run: x, matrix: {b: 1, exclude: {b: 1}}}}", "1:28: the matrix of a is empty: all is excluded"),
        ("jobs: {a: {run: x, matrix: {b: 1, exclude: {}}}}", "1:44: this means every cell (name at least one axis)"),
        ("jobs: {a: {run: x, matrix: {b: 1, include: {b: 1}}}}", "1:44: this cell is in the matrix already"),
        ("jobs: {a: {run: x, matrix: {b: 1, include: {b: [2, 3]}}}}", "1:44: an included cell takes one value for each axis"),
        ("jobs: {a: {run: x, matrix: {python: [3.12, snake]}}}", "1:44: 'snake' is not a Python version such as `3.12`"),
        ("jobs: {a: {run: x, allow_failure: [{python: 3.12}]}}", "1:37: there is no axis 'python' (axes: none)"),
        ("jobs: {a: {run: x, setup: {run: y, tool: Ruff!}}}", "1:42: tool takes a tool's name, or `none`, not 'Ruff!'"),
        ("jobs: {a: {run: x, python: none, env: {A: '${{ python }}'}}}", "1:43: a has no axis 'python' (axes: none)"),
        ("env: {A: '${{ db }}'}\njobs: {a: {run: x, matrix: {db: 1}}, b: x}", "1:10: b has no axis 'db' (axes: python)"),
    ],
)  # fmt: skip
def test_one_mistake_and_what_is_said(complaints, text, said):
    found = complaints(text)
    assert any(line.startswith(f"fairlead.yml:{said}") for line in found), found


def test_a_value_that_is_wrong_is_not_shown_whole(complaints):
    (said,) = complaints(f"timeout: {'x' * 500}\njobs: {{a: x}}")
    assert len(said) < 200


def test_a_key_of_the_file_that_a_job_replaces_is_not_held_against_it(make):
    plan = make("""
        install: {packages: "django==${{ DJANGO }}.*"}
        jobs:
          a: {run: x, matrix: {DJANGO: 5}}
          b: {run: x, install: none}
    """)
    assert [job.install.packages for job in plan.jobs] == [("django==5.*",), ()]


def test_files_are_checked_with_the_axes_filled_in(make, complaints, files):
    files["requirements/django5.txt"] = ""
    text = "jobs: {a: {run: x, matrix: {D: [%s]}, install: {requirements: 'requirements/django${{ D }}.txt'}}}"
    assert make(text % 5).jobs[0].install.requirements == ("requirements/django5.txt",)
    assert complaints(text % "5, 6") == [
        "fairlead.yml:1:65: the project has no file 'requirements/django6.txt' (did you mean 'requirements/django5.txt'?)"
    ]


def test_extras_that_a_script_computes_are_believed(make, files):
    files["setup.py"] = "setup(**compute())"
    assert make("install: {extras: secret}\njobs: {a: x}").jobs[0].install.extras == ("secret",)


def test_without_a_project_files_are_believed(make, files):
    files.clear()
    plan = make("install: {requirements: x.txt, groups: y, extras: z}\njobs: {a: x}")
    assert plan.jobs[0].install.requirements == ("x.txt",)


def test_too_many_jobs(complaints):
    jobs = "\n".join(f"  j{n}: x" for n in range(1001))
    assert complaints(f"jobs:\n{jobs}") == [
        "fairlead.yml:1:1: the file makes 1,001 jobs; at most 1,000 can be planned"
    ]
    values = ", ".join(map(str, range(30)))
    assert complaints(
        f"jobs: {{a: {{run: x, matrix: {{b: [{values}], c: [{values}]}}}}, d: {{run: x, matrix: {{b: [{values}], c: [1, 2, 3, 4]}}}}}}"
    ) == ["fairlead.yml:1:1: the file makes 1,020 jobs; at most 1,000 can be planned"]


def test_one_matrix_with_too_many_jobs(complaints):
    values = ", ".join(map(str, range(40)))
    (said,) = complaints(f"jobs: {{a: {{run: x, matrix: {{b: [{values}], c: [{values}]}}}}}}")
    assert said == "fairlead.yml:1:8: a makes 1,600 jobs; at most 1,000 can be planned"


def test_a_matrix_beyond_all_bounds_is_not_made(complaints):
    values = ", ".join(map(str, range(50)))
    axes = ", ".join(f"a{n}: [{values}]" for n in range(20))
    (said,) = complaints(f"jobs: {{a: {{run: x, matrix: {{{axes}}}}}}}")
    assert said.startswith("fairlead.yml:1:28: the matrix of a has 9,536,")


def test_very_many_selections_are_refused(complaints):
    exclude = ", ".join(f"{{b: {n}}}" for n in range(201))
    values = ", ".join(map(str, range(300)))
    (said,) = complaints(
        f"jobs: {{a: {{run: x, matrix: {{b: [{values}], exclude: [{exclude}]}}}}}}"
    )
    assert said.endswith("more than 200 selections of cells")
