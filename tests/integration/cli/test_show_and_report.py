import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from fairlead.cli.report import command as report
from fairlead.cli.show import command as show
from fairlead.errors import FairleadError, UsageError
from fairlead.runner.history import History

LOG = b"one\n\x1b[31mtwo\x1b[0m\n" + b"Found 4 errors.\n" + b"\xff\xfe\n"


@pytest.fixture
def project(runs, tmp_path, monkeypatch):
    """A project with three runs; the second failed, the last was cancelled."""
    root = tmp_path / "ledger"
    root.mkdir()
    (root / "fairlead.yml").write_text("jobs: {}\n")
    for path, data in runs.SOURCES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(data)
    monkeypatch.chdir(root / "ledger")
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRLEAD_CONFIG", str(tmp_path / "config"))
    history = History(root)
    for made in (runs.passed(), runs.failed(), runs.cancelled()):
        number = history.begin()
        for job in made.jobs:
            for attempt in job.attempts:
                path = history.folder(number) / attempt.log
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(LOG)
        history.finish(_with_spans(replace(made, number=number)), keep=50)
    return root


def _with_spans(run):
    """The run with steps that span the whole of the log written above."""

    def spanned(attempt):
        steps = tuple(replace(s, offset=4, length=len(LOG) - 4) for s in attempt.steps)
        return replace(attempt, steps=steps)

    jobs = (replace(job, attempts=tuple(map(spanned, job.attempts))) for job in run.jobs)
    return replace(run, jobs=tuple(jobs))


def said(command, *args):
    """What a command prints, as bytes."""
    result = CliRunner().invoke(command, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


def test_the_newest_run_is_shown_as_it_ended(project):
    text = said(show).decode()
    assert text.startswith("run 3 of ledger: statement-currency · 4be1c0ffee · Convert statements")
    assert "cancelled: interrupted after 4.1 s; 1 of 3 jobs passed" in text


def test_an_earlier_run_is_shown_with_the_output_of_its_failing_steps(project):
    for number in ("2", "last-1"):
        text = said(show, number).decode()
        assert (
            "✗ lint: ruff check\n  failed after 0.5 s: exit code 1\n  two\n  Found 4 errors.\n"
            in text
        )


@pytest.mark.parametrize(("refused", "two"), [("", b"\x1b[31mtwo\x1b[0m"), ("1", b"two")])
def test_a_log_has_its_colours_on_a_terminal_that_wants_them(project, monkeypatch, refused, two):
    master, slave = pty.openpty()
    monkeypatch.setenv("NO_COLOR", refused)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        show.main(["2", "--job", "lint", "--log"], standalone_mode=False)
    with os.fdopen(master, "rb") as screen:
        assert screen.readline() == b"one\r\n"
        assert screen.readline() == two + b"\r\n"


def test_one_job_is_shown_in_full(project):
    text = said(show, "2", "--job", "web-3.13-django5.2").decode()
    assert text.index("Attempt 1: failed") < text.index("Attempt 2: passed")
    only = said(show, "2", "--job", "web-3.13-django5.2", "--attempt", "1").decode()
    assert "Attempt 2" not in only
    assert len(said(show, "2", "--job", "unit").decode().split("run it again")) == 5


def test_a_log_comes_byte_for_byte(project):
    assert said(show, "2", "--job", "lint", "--log") == LOG
    assert said(show, "2", "--job", "web-3.13-django5.2", "--log", "--attempt", "1") == LOG


def test_json_is_the_result_as_it_is_stored(project):
    run = json.loads(said(show, "2", "--json"))
    assert run == json.loads((project / ".fairlead/runs/2/result.json").read_bytes())
    job = json.loads(said(show, "2", "--json", "--job", "lint"))
    assert job["outcome"] == "failed"


def test_the_list_has_a_line_a_run(project):
    lines = said(show, "--list").decode().splitlines()
    assert [line.split()[1:3] for line in lines] == [
        ["1", "passed"],
        ["2", "failed"],
        ["3", "cancelled"],
    ]
    assert [entry["number"] for entry in json.loads(said(show, "--list", "--json"))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["9"], "there is no run 9"),
        (["2", "--job", "lnt"], "did you mean lint?"),
        (["2", "--log"], "the run has 9 jobs"),
        (["2", "--log", "--job", "lint", "--attempt", "2"], "no attempt 2"),
        (["3", "--log", "--job", "unit-3.13"], "has no log"),
    ],
)
def test_what_is_not_there_is_an_error_with_a_way_on(project, args, words):
    with pytest.raises(UsageError) as caught:
        said(show, *args)
    assert words in str(caught.value)


def test_without_any_run_both_say_how_to_start_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (show, report):
        with pytest.raises(UsageError, match="no finished run yet"):
            said(command)


def test_a_reader_of_a_log_may_leave_early(project):
    path = project / ".fairlead/runs/2/jobs/lint/1.log"
    path.write_bytes(b"a line of output\n" * 500_000)
    program = "from fairlead.cli.main import main; main()"
    script = '"$0" -c "$1" show 2 --job lint --log | head -n 1'
    argv = ("bash", "-c", script, sys.executable, program)
    done = subprocess.run(argv, capture_output=True, cwd=project, check=True)
    assert done.stdout == b"a line of output\n"
    assert done.stderr == b""


def test_the_report_is_written_beside_the_run(project):
    said(report, "2")
    page = (project / ".fairlead/runs/2/report.html").read_text("utf-8")
    assert "2 new test failures" in page
    assert "Found 4 errors." in page
    assert "raise FrozenAccount(account.number)" in page


def test_the_report_goes_where_it_is_wanted(project):
    said(report, "2", "--output", "../page.html")
    assert (project / "page.html").read_text("utf-8").startswith("<!doctype html>")
    assert said(report, "2", "--output", "-").startswith(b"<!doctype html>")
    with pytest.raises(FairleadError, match="it is a folder"):
        said(report, "2", "--output", ".")


def test_tests_and_violations_are_written_for_other_programs(project):
    from fairlead.reports import junit

    said(report, "2", "--junit", "tests.xml", "--sarif", "found.sarif")
    tests = junit.read((project / "ledger/tests.xml").read_bytes(), "tests.xml")
    assert len(tests.cases) == 1056
    assert len(tests.bad) == 5
    log = json.loads((project / "ledger/found.sarif").read_bytes())
    assert sum(len(run["results"]) for run in log["runs"]) == 5
    assert not (project / ".fairlead/runs/2/report.html").exists()


def test_no_source_from_outside_of_the_project_gets_into_the_page(project, tmp_path):
    from fairlead.cli.report import source_reader

    (tmp_path / "secret.py").write_text("KEY = 1\n")
    (project / "link.py").symlink_to(tmp_path / "secret.py")
    read = source_reader(project, "")
    assert read("ledger/web.py").startswith(b"from flask")
    for path in (
        "../secret.py",
        "ledger/../../secret.py",
        str(tmp_path / "secret.py"),
        "link.py",
        "a\0b",
        "",
    ):
        assert read(path) is None


def test_sources_are_shown_as_they_were_in_the_run(project, tmp_path):
    from fairlead.cli.report import source_reader
    from fairlead.runner.checkout import open_source

    tree = open_source(project, tmp_path / "home").tree_id
    before = (project / "ledger/web.py").read_bytes()
    (project / "ledger/web.py").write_bytes(b"changed\n")
    assert source_reader(project, tree)("ledger/web.py") == before
    assert source_reader(project, "0" * 40)("ledger/web.py") == b"changed\n"
