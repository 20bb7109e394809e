"""A person's days with Fairlead: something breaks, is found, mended, and kept from coming back."""

import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.network

TEST = """\
import shop


def test_price():
    assert shop.price(2) == 4


def test_rebate():
    assert shop.rebate(20) == 19
"""
SHOP = """\
def price(n):
    return n * 2


def rebate(n):
    return n - 1
"""


@pytest.fixture
def shop(make_project, two_pythons):
    low, high = two_pythons
    return make_project(
        {
            "fairlead.yml": f"""\
                python: [{low}, {high}]
                install: {{packages: [pytest, pyflakes]}}
                stages: [check, test]
                jobs:
                  lint: {{stage: check, python: {high}, run: pyflakes shop}}
                  unit: python -m pytest -q tests
                """,
            "shop/__init__.py": SHOP,
            "tests/test_shop.py": TEST,
        }
    )


def change(project, before, after, name="shop/__init__.py"):
    path = project.folder / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_break_a_test_find_it_and_mend_it(shop, two_pythons):
    low, high = two_pythons
    first = shop.run(code=0)
    assert first.ends == dict.fromkeys(("lint", f"unit-{low}", f"unit-{high}"), "passed")
    assert first.sentence.startswith("4 tests in 3 jobs — ")

    change(shop, "n * 2", "n * 3")
    broken = shop.run(code=1)
    assert broken.sentence.startswith(f"1 new test failure in unit ({low}, {high}) — ")
    assert "1 failing test" in broken.out
    assert "tests/test_shop.py::test_price (new)" in broken.out
    assert f"in unit-{low}, unit-{high}, tests/test_shop.py:4" in broken.out
    assert "assert 6 == 4" in broken.out
    (command,) = re.findall(r"^ +\$ (fairlead run .*)$", broken.out, re.MULTILINE)
    assert command == f"fairlead run unit --python {low} -k test_price"

    again = shop.shell(command)
    assert again.code == 1
    assert "assert 6 == 4" in again.out
    assert "1 test still failing" in again.said
    assert "only tests that match 'test_price'" in again.said
    assert "test_rebate" not in again.out

    failed = shop.run("--failed", code=1)
    assert list(failed.ends) == [f"unit-{low}", f"unit-{high}"]

    change(shop, "n * 3", "n * 2")
    mended = shop.run("--failed", code=0)
    assert "4 tests in 2 jobs; 1 test fixed" in mended.sentence
    assert "fixed          1 test: tests/test_shop.py::test_price" in mended.out
    nothing = shop.fairlead("run", "--failed")
    assert (nothing.code, "every job passed" in nothing.err) == (2, True)


def test_choose_what_to_run(shop, two_pythons):
    low, high = two_pythons
    assert list(shop.run("--python", low, code=0).ends) == [f"unit-{low}"]
    assert list(shop.run("--stage", "check", code=0).ends) == ["lint"]
    assert list(shop.run("unit", "--python", high, code=0).ends) == [f"unit-{high}"]
    one = shop.run(f"unit-{low}", "-k", "rebate", "--jobs", "1", code=0)
    assert one.tests(f"unit-{low}") == {"test_rebate": "passed"}


def test_run_a_commit_and_not_the_files(shop, python):
    good = shop.git("rev-parse", "HEAD").strip()
    change(shop, "n * 2", "n * 3")
    shop.commit("Break it")
    change(shop, "n * 3", "n * 2 # mended")
    assert shop.run("--python", python, code=0).result["trigger"]["commit"] != good
    assert shop.run("--python", python, "--commit", "HEAD", code=1).outcome == "failed"
    assert shop.run("--python", python, "--commit", "HEAD~1", code=0).outcome == "passed"
    assert "# mended" in (shop.folder / "shop/__init__.py").read_text()


def test_jobs_for_what_changed(make_project):
    project = make_project(
        {
            "fairlead.yml": """\
                jobs:
                  code: {python: none, run: "true", when: {changed: "src/**"}}
                  docs: {python: none, run: "true", when: {changed: "docs/**"}}
                """,
            "src/a": "",
            "docs/a": "",
        }
    )
    project.write({"docs/a": "more\n"})
    project.commit("Write docs")
    run = project.run("--since", "HEAD~1", code=0)
    assert list(run.ends) == ["docs"]
    assert "1 job skipped: code" in run.sentence
    assert "no changed path is src/**" in run.out


def test_gates_on_what_is_new(make_project, python):
    project = make_project(
        {
            "fairlead.yml": f"""\
                python: {python}
                install: {{packages: [pytest, pyflakes]}}
                jobs:
                  unit:
                    run: python -m pytest -q tests
                    coverage: {{changed: 100}}
                  lint:
                    run: pyflakes shop
                    violations: no_new
                """,
            "shop/__init__.py": f"import os\n\n\n{SHOP}\n\ndef never():\n    return 0\n",
            "tests/test_shop.py": TEST,
        }
    )
    first = project.run(code=0)
    assert "1 pyflakes violation let pass" in first.out
    assert re.search(r"coverage 8\d(\.\d)? %", first.sentence)

    project.git("checkout", "-q", "-b", "feature")
    path = project.folder / "shop/__init__.py"
    path.write_text(
        "# A line before all others.\n"
        + path.read_text()
        + "\n\ndef discount(n):\n    import sys\n    if n > 10:\n        return n - 1\n    return n\n"
    )
    project.commit("Add a discount")
    second = project.run(code=1)
    assert f"unit ({python}): coverage of the changed lines 20 % (minimum 100 %)" in second.sentence
    assert f"lint ({python}): 1 new violation" in second.sentence
    assert "shop/__init__.py:18:5: 'sys' imported but unused" in second.out
    assert "changed lines  20 % covered, missing: shop/__init__.py:18-21" in second.out

    change(project, "    import sys\n", "")
    with (project.folder / "tests/test_shop.py").open("a") as file:
        file.write(
            "\n\ndef test_discount():\n    assert shop.discount(20) - shop.discount(2) == 17\n"
        )
    project.commit("Test the discount")
    third = project.run(code=0)
    assert "changed lines  100 % covered" in third.out
    assert third.sentence.startswith("3 tests in 2 jobs; coverage ")


def test_steps_that_are_reused_and_one_that_lies(make_project):
    project = make_project(
        {
            "fairlead.yml": """\
                jobs:
                  honest:
                    python: none
                    run: {run: sort words > out && cat out, cache: {inputs: [words], outputs: [out]}}
                  liar:
                    python: none
                    run: {run: date +%N > now, cache: {inputs: [words], outputs: [now]}}
                """,
            "words": "b\na\n",
        }
    )
    first = project.run(code=0)
    again = project.run(code=0)
    assert "reused from run 1 (took 0." in again.out
    assert re.search(r"✓ honest +passed +\d.*s  reused\n", again.out)
    assert again.steps("honest")["sort words > out && cat out"].endswith("a\nb\n")
    assert first.result["tree"] == again.result["tree"]
    assert "reused" not in project.run("--no-cache", code=0).out
    checked = project.run("--verify-cache", code=0)
    liar, honest = (f"{n}: {s}: " for n, s in (("liar", "date +%N > now"), ("honest", "sort")))
    assert f"note: {liar}reusing it would have been wrong: its outputs differ" in checked.said
    assert "verified: reusing it would have been right" in checked.out
    assert honest not in checked.notices
    project.write({"words": "c\n"})
    assert project.run("honest", code=0).steps("honest").popitem()[1].endswith("c\n")


def test_attempts_are_kept_and_shown(make_project):
    project = make_project(
        {
            "fairlead.yml": """\
                jobs:
                  flaky: {python: none, retry: 2, run: bash flaky}
                  step: {python: none, run: [{run: bash step, retry: 2}]}
                """,
            "flaky": 'echo "this is attempt $FAIRLEAD_ATTEMPT"; test "$FAIRLEAD_ATTEMPT" = 2\n',
            "step": "echo x >> tries; cat tries; test $(wc -l < tries) = 3\n",
        }
    )
    run = project.run(code=0)
    assert "bash flaky exited with 1, trying again" in run.out
    assert re.search(r"✓ flaky  passed .* 2nd attempt\n", run.out)
    assert re.search(r"✓ step   passed .* a step at its 3rd attempt\n", run.out)
    shown = project.fairlead("show", "--job", "flaky").out
    assert shown.index("Attempt 1: failed") < shown.index("Attempt 2: passed")
    first = project.fairlead("show", "--job", "flaky", "--log", "--attempt", "1")
    assert first.out == "$ bash flaky\nthis is attempt 1\n"


def test_look_back_and_hand_on(shop, two_pythons, tmp_path):
    low, _high = two_pythons
    change(shop, "n * 2", "n * 3")
    run = shop.run("unit", code=1)
    shown = shop.fairlead("show")
    assert shown.code == 0
    assert run.sentence in shown.said
    assert "run 1 of shop: main · " in shown.out
    assert "assert 6 == 4" in shop.fairlead("show", "1", "--job", f"unit-{low}").out
    log = shop.fairlead("show", "--job", f"unit-{low}", "--log").out
    assert log.startswith("$ python -m pytest -q tests\n")
    assert "1 failed, 1 passed" in log
    assert json.loads(shop.fairlead("show", "--json").out) == run.result
    assert shop.fairlead("show", "--list").out.split()[1:3] == ["1", "failed"]

    page = shop.fairlead("report")
    assert page.err.strip().endswith(".fairlead/runs/1/report.html")
    html = (shop.folder / ".fairlead/runs/1/report.html").read_text()
    assert "test_price" in html
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    options = ("--junit", str(tmp_path / "t.xml"), "--sarif", str(tmp_path / "v.sarif"))
    assert shop.fairlead("report", *options).code == 0
    assert 'failures="2"' in (tmp_path / "t.xml").read_text()
    assert json.loads((tmp_path / "v.sarif").read_text())["version"] == "2.1.0"
    assert shop.git("status", "--short").split() == ["M", "shop/__init__.py"]


def test_events_for_programs(shop, python):
    done = shop.fairlead("run", "unit", "--python", python, "--events")
    events = [json.loads(line) for line in done.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("run_started", "run_finished")
    assert events[0]["version"] == 1
    ended = [e["case"]["name"] for e in events if e["event"] == "test_finished"]
    assert ended == ["test_price", "test_rebate"]
    assert events[-1]["result"]["verdict"]["outcome"] == "passed"
    assert done.err == ""


def test_a_shell_where_the_job_runs(shop, terminal, two_pythons):
    low, _high = two_pythons
    screen = terminal(shop, "shell", f"unit-{low}")
    before = screen.until(rf"\(unit-{low}\) \S+ [$#] ")
    assert "The steps of unit-" in before
    assert "$ python -m pytest -q tests" in before
    screen.type("python -m pytest -q tests && touch here && sleep 0.1 && echo res''ting\r")
    screen.until(r"2 passed(.|\n)*resting")
    screen.type("bash -c 'echo as''leep; exec sleep 300'\r")
    screen.until("asleep")  # it is in front by then, and Ctrl-C is for it
    screen.type("\x03")
    screen.until(r"\^C(.|\n)*[$#] \Z")
    screen.type("ls; exit 7\r")
    assert screen.end() == 7
    assert re.search(r"fairlead.yml\s+here\s+shop", screen.text)
    assert not (shop.folder / "here").exists()


SLOW = """\
install: {project: none}
jobs:
  slow: {python: none, run: "echo begun; sleep 300"}
  later: {python: none, run: "true", needs: slow}
"""


def test_ctrl_c_on_a_terminal(make_project, terminal):
    project = make_project({"fairlead.yml": SLOW})
    screen = terminal(project, "run")
    live = screen.until("begun")
    assert "run 1" in live
    screen.type("\x03")
    assert screen.end() == 130
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.text)
    assert "cancelled: 0 of 2 jobs had ended" in text
    assert "Traceback" not in text
    result = json.loads((project.folder / ".fairlead/runs/1/result.json").read_bytes())
    assert {job["outcome"] for job in result["jobs"]} == {"cancelled"}


def test_a_live_picture_gives_way_to_the_end(shop, terminal, python):
    screen = terminal(shop, "run", "--python", python)
    assert screen.end() == 0
    last = screen.text.replace("\r", "").rpartition("\x1b[J")[2]
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last)
    assert re.search(r"✓ passed: 2 tests in \d jobs? — ", plain)
    assert "\x1b[" in last
    assert all(len(line) <= 80 for line in plain.splitlines())


def test_no_colour_where_none_is_wanted(make_project, terminal):
    project = make_project({"fairlead.yml": 'jobs: {a: {python: none, run: "false"}}\n'})
    project.env |= {"NO_COLOR": "1"}
    screen = terminal(project, "run")
    assert screen.end() == 1
    assert not re.search(r"\x1b\[[0-9;]*m", screen.text)
    forced = project.fairlead("run", NO_COLOR="", FORCE_COLOR="1")
    assert re.search(r"\x1b\[[0-9;]*m", forced.out)
    assert "✗" not in project.fairlead("run", LC_ALL="C").out


def test_two_runs_at_the_same_time(shop):
    command = (sys.executable, "-m", "fairlead", "run", "--events")
    runs = [
        subprocess.Popen(command, cwd=shop.folder, env=shop.env, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    ends = [json.loads(run.communicate(timeout=300)[0].splitlines()[-1]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert {end["result"]["number"] for end in ends} == {1, 2}
    assert [len(shop.fairlead("show", "--list").out.splitlines())] == [2]


def test_where_a_ci_service_runs_it(make_project):
    project = make_project({"fairlead.yml": 'jobs: {a: {python: none, run: "echo inside"}}\n'})
    done = project.fairlead("run", GITHUB_ACTIONS="true", CI="true")
    assert re.search(r"^::group::.*\n.*inside\n(?:.*\n)*::endgroup::", done.out, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(make_project, shell):
    project = make_project({})
    script = project.fairlead("completion", shell)
    assert script.code == 0
    assert "_FAIRLEAD_COMPLETE" in script.out
    if shell == "bash":
        found = project.shell(
            f"{script.out}\nCOMP_WORDS=(fairlead repo) COMP_CWORD=1; _fairlead_completion fairlead"
            ' && printf "%s\\n" "${COMPREPLY[@]}"'
        )
        assert found.out.split() == ["report"], found


def test_what_the_machine_has(make_project, python):
    project = make_project({})
    done = project.fairlead("doctor")
    assert done.code == 0
    assert "fairlead run works here" in done.out
    found = json.loads(project.fairlead("doctor", "--json").out)
    assert {"git", "uv", "Python", "isolation"} <= {one["name"] for one in found["findings"]}


def test_environments_are_listed_and_pruned(make_project, pythons, tmp_path):
    project = make_project(
        {
            "fairlead.yml": f"""\
                python: {pythons[0]}
                install: {{packages: [iniconfig]}}
                jobs: {{a: python -c "import iniconfig"}}
                """
        }
    )
    project.env["FAIRLEAD_HOME"] = str(tmp_path / "home")
    empty = "0 environments, 0 B\n"
    assert project.fairlead("env", "list").out == empty
    project.run(code=0)
    listed = project.fairlead("env", "list").out
    line = r"^\S+ +\d\.\d+\.\d+ +environment +1 package  +\d+ kB +used \d+ s ago$"
    assert re.search(line, listed, re.MULTILINE), listed
    assert "would remove 0 environments" in project.fairlead("env", "prune", "--dry-run").out
    # pip is in an environment of its own only where Python came without one.
    assert re.search(r"removed [12] environments?", project.fairlead("env", "prune", "--all").out)
    assert project.fairlead("env", "list").out == empty
    assert project.run(code=0).ends == {"a": "passed"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("rnu",), "Did you mean 'run'?"),
        (("run", "unti"), "did you mean unit?"),
        (("run", "--pyhton", "3"), "Did you mean '--python'?"),
        (("run", "--python", "2.5"), "the plan has: "),
        (("run", "--stage", "tests"), "did you mean test?"),
        (("run", "--jobs", "0"), "0 is not in the range"),
        (("run", "--commit", "nowhere"), "no such revision"),
        (("shell", "unt"), "did you mean unit?"),
        (("shell", "unit"), "stands for 2 jobs name one of: unit-"),
        (("show", "7"), "no finished run yet"),
        (("plan", "--event", "psh"), "'push'"),
        (("env", "prune", "--older-than", "soon"), "write it as 30d, 2w or 12h"),
        (("secrets", "set", "A=b"), "fairlead secrets set A asks for it"),
        (("lint", "fairlead.yaml"), "cannot be read"),
    ],
)
def test_a_slip_of_the_finger(shop, args, said):
    done = shop.fairlead(*args)
    assert done.code == 2
    assert said in done.said
    assert done.out == ""
