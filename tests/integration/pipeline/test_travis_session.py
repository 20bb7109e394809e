"""The session script in a real bash: what its exit code is, and what it reports."""

import json
import subprocess

import pytest

from fairlead.model import Job, Phase, Step
from fairlead.pipeline.oneshell import script_of
from fairlead.pipeline.travis.env import bash_word
from fairlead.pipeline.travis.session import session_script

PHASES = {
    "before_install": Phase.SETUP,
    "install": Phase.SETUP,
    "before_script": Phase.SETUP,
    "script": Phase.SCRIPT,
    "before_cache": Phase.AFTER,
    "after_success": Phase.AFTER_SUCCESS,
    "after_failure": Phase.AFTER_FAILURE,
    "after_script": Phase.AFTER,
}


class Outcome:
    def __init__(self, done, events):
        self.code = done.returncode
        self.out = done.stdout
        self.started = [event["index"] for event in events if event["op"] == "start"]
        self.codes = {event["index"]: event["code"] for event in events if event["op"] == "end"}


@pytest.fixture
def run(tmp_path):
    """Run (phase, command) pairs in one session, in ``tmp_path``."""

    def run(*steps, env=(), environ=None):
        job = Job(
            id="a",
            name="a",
            session=True,
            env=tuple(env),
            steps=tuple(
                Step(name=command, command=command, phase=PHASES[phase], label=phase)
                for phase, command in steps
            ),
        )
        events = tmp_path / "events file"
        events.unlink(missing_ok=True)
        script = tmp_path / "session.sh"
        script.write_text(session_script(job))
        done = subprocess.run(
            ["bash", str(script)],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "FAIRLEAD_EVENTS": str(events), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
        lines = events.read_text().splitlines() if events.exists() else []
        return Outcome(done, [json.loads(line) for line in lines])

    return run


def test_nothing_to_do_passes(run):
    assert run().code == 0


def test_every_step_is_reported_with_its_code(run):
    done = run(("install", "true"), ("script", "(exit 7)"), ("script", "echo on"))
    assert done.started == [0, 1, 2]
    assert done.codes == {0: 0, 1: 7, 2: 0}


@pytest.mark.parametrize(
    ("codes", "expected"), [((0, 0), 0), ((5, 0), 1), ((0, 5), 1), ((9, 255), 1)]
)
def test_script_results_are_ored(run, codes, expected):
    done = run(*(("script", f"(exit {code})") for code in codes))
    assert done.code == expected
    assert tuple(done.codes.values()) == codes


@pytest.mark.parametrize("phase", ["before_install", "install", "before_script"])
def test_a_failing_setup_phase_stops_the_job_as_errored(run, phase):
    done = run((phase, "(exit 1)"), ("script", "echo never"), ("after_script", "echo never"))
    assert done.code == 2
    assert done.started == [0]
    assert "echo never" not in done.out
    assert f"exited with 1 during {phase}" in done.out


def test_folder_variables_functions_and_options_persist(run, tmp_path):
    (tmp_path / "sub").mkdir()
    done = run(
        ("before_install", "cd sub"),
        ("before_install", "export A=1; B=2"),
        ("before_install", "greet() {\n  echo hello $1\n}"),
        ("script", '[ "$(basename "$PWD")" = sub ]'),
        ("script", "[ $A$B = 12 ]"),
        ("script", "[ \"$(greet you)\" = 'hello you' ]"),
    )
    assert done.code == 0, done.out


@pytest.mark.parametrize("code", [0, 1, 2, 3, 42])
@pytest.mark.parametrize("phase", ["install", "script", "after_script"])
def test_exit_in_a_step_ends_the_job_with_its_code(run, phase, code):
    done = run((phase, f"exit {code}"), ("after_script", "echo never"))
    assert done.code == code
    assert done.codes == {0: code}


def test_the_result_chooses_what_comes_after(run):
    after = (("after_success", "echo well"), ("after_failure", "echo bad"))
    passed = run(("script", "true"), *after)
    failed = run(("script", "false"), *after)
    assert (passed.started, failed.started) == ([0, 1], [0, 2])
    assert ("well" in passed.out, "bad" in failed.out) == (True, True)


def test_codes_after_the_script_are_ignored(run):
    done = run(
        ("script", "true"),
        ("before_cache", "false"),
        ("after_success", "false"),
        ("after_script", "(exit 9)"),
    )
    assert done.code == 0
    assert done.codes == {0: 0, 1: 1, 2: 1, 3: 9}


def test_after_steps_see_the_result(run):
    done = run(("script", "false"), ("after_script", 'echo "result=$TRAVIS_TEST_RESULT"'))
    assert "result=1" in done.out


def test_the_test_result_of_an_outer_run_is_not_ours(run):
    assert run(("script", "true"), environ={"TRAVIS_TEST_RESULT": "1"}).code == 0


def test_errexit_of_a_step_ends_the_shell_with_the_commands_code(run):
    done = run(("before_script", "set -e"), ("script", "(exit 4)"), ("script", "echo never"))
    assert done.code == 4
    assert done.codes == {0: 0, 1: 4}
    assert "never" not in done.out


def test_errexit_holds_inside_a_multi_line_step(run):
    done = run(("script", "set -e\nfalse\necho never"))
    assert done.code == 1
    assert "never" not in done.out


def test_strict_options_do_not_trip_the_machinery(run):
    done = run(
        ("before_install", "set -euo pipefail; set -C; set -f; IFS=,"),
        ("script", "true"),
        ("after_success", "echo well"),
        ("after_script", "echo done"),
    )
    assert done.code == 0, done.out
    assert done.codes == {0: 0, 1: 0, 2: 0, 3: 0}


def test_a_killed_shell_leaves_a_step_without_an_end(run):
    done = run(("script", "kill -9 $$"), ("script", "echo never"))
    assert done.code == -9
    assert (done.started, done.codes) == ([0], {})


def test_a_syntax_error_fails_its_step_alone(run):
    done = run(("script", "if true; then"), ("script", "echo still here"))
    assert done.code == 1
    assert done.codes[0] != 0
    assert "still here" in done.out


@pytest.mark.parametrize(
    "command",
    [
        """echo "it's" 'a "quote"' > out; [ "$(cat out)" = "it's a \\"quote\\"" ]""",
        "cat > out <<'END'\n$HOME `no`\nEND\n[ \"$(cat out)\" = '$HOME `no`' ]",
        "for i in 1 2 3\ndo\n  x=$((${x:-0} + i))\ndone\n[ $x = 6 ]",
        "echo a \\\n  b > out; [ \"$(cat out)\" = 'a b' ]",
        "# only a comment",
        "[ $# = 0 ]",
        "echo 'ünïcode €' > out; grep -q € out",
    ],
)
def test_commands_reach_bash_as_they_are(run, command):
    done = run(("script", command))
    assert done.code == 0, done.out


def test_return_ends_only_the_step(run):
    done = run(("script", "return 0; echo never"), ("script", "echo next"))
    assert done.code == 0
    assert "next" in done.out
    assert "never" not in done.out


def test_variables_are_evaluated_in_order(run):
    done = run(
        ("script", '[ "$C" = "one two" ]'),
        ("script", '[ "$D" = 3 ]'),
        ("script", "[ \"$E\" = '$A' ]"),
        ("script", "env | grep -q '^C=one two$'"),
        env=(
            ("A", "one"),
            ("B", '"$A two"'),
            ("C", '"$B"'),
            ("D", "$((1 + 2))"),
            ("E", "'$A'"),
        ),
    )
    assert done.code == 0, done.out


def test_a_variable_that_is_no_bash_spoils_only_itself(run):
    done = run(("script", "[ $B = 2 ]"), env=(("A", '"open'), ("B", "2")))
    assert done.code == 0


def test_secrets_come_from_the_process_environment(run):
    done = run(
        ("script", '[ "$BOTH" = "p\'a\\$s-x" ]'),
        env=(("BOTH", '"$SECRET-x"'),),
        environ={"SECRET": "p'a$s"},
    )
    assert done.code == 0, done.out


def test_retry_gives_three_attempts(run, tmp_path):
    done = run(
        ("script", "travis_retry bash -c 'echo x >> tries; [ $(wc -l < tries) = 3 ]'"),
        ("script", "travis_retry bash -c 'echo y >> others; exit 6'"),
    )
    assert done.codes == {0: 0, 1: 6}
    assert (tmp_path / "others").read_text() == "y\n" * 3
    assert "Retrying, 2 of 3" in done.out
    assert "failed 3 times" in done.out


def test_retry_retries_under_errexit_too(run, tmp_path):
    command = "set -e; travis_retry bash -c 'echo x >> tries; [ $(wc -l < tries) = 2 ]'"
    done = run(("script", command), ("script", "case $- in *e*) ;; *) exit 9 ;; esac"))
    assert done.code == 0
    assert (tmp_path / "tries").read_text() == "x\n" * 2


def test_wait_shows_the_output_and_passes_the_code(run):
    done = run(
        ("script", "travis_wait 1 bash -c 'echo inside; exit 5'"), ("script", "travis_wait true")
    )
    assert done.codes == {0: 5, 1: 0}
    assert "inside" in done.out
    assert "Still running (1 of 1)" in done.out


def test_wait_leaves_no_process_that_holds_the_output(run):
    # The run itself would last a minute if what watches kept the pipe open. Many of them, since a
    # command may end at any moment of the watch's beginning.
    many = "for n in {1..100}; do travis_wait 30 true >&2; done"
    assert run(("script", f"trap '' TERM; {many}")).code == 0


def test_folds_and_timers_print_the_markers(run):
    command = "travis_fold start x; travis_time_start; false; travis_time_finish; travis_fold end x"
    done = run(("script", command))
    assert "travis_fold:start:x" in done.out
    assert "travis_time:end:" in done.out


def test_no_events_file_is_fine(run):
    assert run(("script", "true"), environ={"FAIRLEAD_EVENTS": ""}).code == 0


@pytest.mark.parametrize("value", ["a b", "$((1 + 2))", "x;y", 'say "hi"', "it's"])
def test_words_of_mappings_survive_bash(value):
    script = f'A={bash_word(value)}; printf %s "$A"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == {"$((1 + 2))": "3"}.get(value, value)


@pytest.mark.parametrize(
    ("steps", "code", "said"),
    [
        ([("script", "true")], 0, ""),
        ([("script", "false"), ("script", "echo on")], 1, "on"),
        ([("script", "true"), ("after_success", "echo well; false")], 0, "well"),
        ([("script", "false"), ("after_failure", "echo bad")], 1, "bad"),
        ([("script", "a=1; b=2; false"), ("script", "echo a && true # so")], 1, "a"),
        ([("script", "if true; then\n  false\nfi"), ("after_script", "echo end")], 1, "end"),
        ([("script", "cat <<END\ntext\nEND\n"), ("after_script", "true")], 0, "text"),
        ([("install", "travis_retry true"), ("script", "travis_wait 3 echo waited")], 0, "waited"),
        ([("before_script", "false"), ("script", "echo never")], 1, ""),
        ([("before_script", "cd /; export A=b"), ("script", 'echo "$PWD$A"')], 0, "/b"),
    ],
)
def test_the_script_of_a_translated_job_means_the_same(tmp_path, steps, code, said):
    job = Job(
        id="a",
        name="a",
        session=True,
        python="3.12",
        steps=tuple(
            Step(name=phase, command=command, phase=PHASES[phase]) for phase, command in steps
        ),
    )
    done = subprocess.run(
        ["bash", "-c", script_of(job)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (code, said), done.stderr
