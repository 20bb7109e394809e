import io
import json

import pytest

from fairlead.cli.view import Look, choose_view
from fairlead.cli.view.ending import ending
from fairlead.cli.view.folding import GitLabFolding, TravisFolding
from fairlead.cli.view.github import GitHubFolding, command
from fairlead.cli.view.jsonl import JsonLinesView, torn
from fairlead.cli.view.live import LiveView
from fairlead.cli.view.plain import PlainView
from fairlead.model import Event, JobFinished, Outcome, Output, StepFinished, StepStarted

PLAIN = """\
run 12: 3 jobs (unit-3.4, unit-3.12, functional-3.12), sandbox: bubblewrap
note: resolved 10 packages
unit-3.4        | errored after 0.0 s: Python 3.4 not found (looked in PATH, pyenv)
unit-3.12       | errored after 0.0 s: no versions of these requirements fit together
functional-3.12 | started
functional-3.12 | installing 10 packages
functional-3.12 | environment took 1.2 s (made)
functional-3.12 | ▸ pytest
functional-3.12 | ! pytest: errored after 9 min 03 s: wrote nothing for 10 min
functional-3.12 |   collected
functional-3.12 | errored after 10 min 03 s: step pytest wrote nothing for 10 min
"""


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Broken(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


def feed(view, events):
    for event in events:
        view(event)
    view.close()


def plain(runs, name, folding=None, output=b"collected\n"):
    stream, run = io.StringIO(), getattr(runs, name)()
    feed(PlainView(stream, Look(), folding), runs.events_of(run, output))
    return stream.getvalue()


def test_plain_lines_tell_what_happens_and_then_the_end(runs):
    text = plain(runs, "errored")
    assert text == f"{PLAIN}\n{ending(runs.errored(), Look())}"


def test_a_failing_step_shows_its_last_lines_once(runs):
    text = plain(runs, "failed", output=b"".join(b"line %d\n" % n for n in range(100)))
    assert text.count("lint               |   line 99\n") == 2
    assert "lint               |   line 70\n" in text
    assert "line 69\n" not in text
    assert "unit-3.12          |   line 99" not in text


def test_failing_tests_are_named_as_they_end(runs):
    name = "tests/test_balance.py::test_statement_of_a_foreign_account"
    assert f"unit-3.13          | ✗ {name}: AssertionError: assert Dec" in plain(runs, "failed")


def test_reused_steps_and_further_attempts_are_said(runs):
    text = plain(runs, "failed")
    assert "docs-3.12          | ✓ sphinx-build: reused\n" in text
    assert "web-3.13-django5.2 | failed after 3.6 s: exit code 1, trying again\n" in text
    assert "web-3.13-django5.2 | attempt 2\n" in text


def test_a_job_that_never_began_took_no_time():
    stream = io.StringIO()
    end = JobFinished(
        time=1, job="b", attempt=0, outcome=Outcome.CANCELLED, seconds=0, reason="a failed"
    )
    feed(PlainView(stream, Look(), None), [end])
    assert stream.getvalue() == "b | cancelled: a failed\n"


def test_output_cannot_reach_the_terminal_unclean(runs):
    text = plain(runs, "failed", output=b"\x1b[2J\x1b]0;title\x07fine\n")
    assert "\x1b" not in text
    assert "lint               |   fine\n" in text


def test_groups_hold_all_output_and_the_end_says_what_failed(runs):
    text = plain(runs, "failed", GitHubFolding())
    assert (
        "::group::unit-3.9 | ✓ pytest: passed after 3.2 s, 240 tests\ncollected\n::endgroup" in text
    )
    assert "✗ lint: pylint\n  failed after 0.5 s: exit code 1\n  collected\n" in text
    assert (
        "::error file=tests/test_balance.py,line=42,"
        "title=tests/test_balance.py%3A%3Atest_statement_of_a_foreign_account "
        "(unit-3.12%2C unit-3.13)::AssertionError: assert Decimal('1150.00')"
    ) in text
    assert "::error file=ledger/balance.py,line=21,col=5,title=ruff F821::Undefined name" in text


def test_a_step_cannot_give_commands_to_github(runs):
    text = plain(runs, "failed", GitHubFolding(), output=b"  ::add-mask::a\n##[error]x\n")
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if "add-mask" in line and "|" not in line:
            before = max(n for n in range(index) if lines[n].startswith("::stop-commands::"))
            word = lines[before].removeprefix("::stop-commands::")
            assert f"::{word}::" not in lines[before:index]
            assert f"::{word}::" in lines[index:]
            break
    else:
        pytest.fail("the output is missing")


def test_annotations_are_at_most_ten_a_level(runs):
    notes = GitHubFolding().annotations(runs.huge())
    assert sum(note.startswith("::error ") for note in notes) == 10
    assert sum(note.startswith("::warning ") for note in notes) == 10


def test_commands_are_escaped():
    assert command("error", "50%\nof it", file="a,b:c", line=0) == (
        "::error file=a%2Cb%3Ac::50%25%0Aof it"
    )
    assert command("notice", "x") == "::notice::x"


def test_gitlab_and_travis_have_marks_of_their_own(runs):
    gitlab = plain(runs, "failed", GitLabFolding())
    assert ":fairlead_1[collapsed=true]\r\x1b[0Klint | ✗ ruff check: failed" in gitlab
    assert ":fairlead_9\r\x1b[0K" in gitlab
    travis = plain(runs, "failed", TravisFolding(), output=b"travis_fold:end:fairlead.1\n")
    assert travis.count("travis_fold:end:fairlead.1\r") == 1
    assert "travis-fold:end:fairlead.1\n" in travis


def test_json_lines_are_whole_objects_in_order(runs):
    stream = io.StringIO()
    events = list(runs.events_of(runs.failed()))
    feed(JsonLinesView(stream), events)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == len(events)
    assert [line["event"] for line in lines[:3]] == ["run_started", "notice", "job_started"]
    assert lines[-1]["result"]["outcome"] == "failed"


def test_json_lines_keep_characters_whole_that_were_cut():
    stream = io.StringIO()
    view = JsonLinesView(stream)
    data = "naïve ✓ 🎉".encode()
    place = {"time": 1.0, "job": "unit", "attempt": 1, "step": 0}
    for n in range(len(data)):
        view(Output(data=data[n : n + 1], **place))
    view(Output(data=b"\xf0\x9f", **place))
    view(StepFinished(outcome=Outcome.PASSED, seconds=1.0, **place))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "".join(line.get("text", "") for line in lines) == "naïve ✓ 🎉\ufffd"


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", 0), (b"a", 0), ("é".encode(), 0), ("é".encode()[:1], 1), ("✓".encode()[:2], 2),
        ("🎉".encode()[:3], 3), ("🎉".encode(), 0), (b"\xff", 0), (b"\x80\x80\x80\x80", 0), (b"\x80", 0),
    ],
)  # fmt: skip
def test_torn_characters(data, count):
    assert torn(data) == count


@pytest.mark.parametrize("mode", ["plain", "events"])
def test_a_reader_that_went_away_does_not_end_the_run(runs, mode):
    feed(choose_view(Broken(), {}, mode), runs.events_of(runs.passed()))


@pytest.mark.parametrize("mode", ["plain", "events"])
def test_a_full_disk_does_not_end_the_run(runs, mode):
    with open("/dev/full", "w") as full:
        feed(choose_view(full, {}, mode), runs.events_of(runs.passed()))


def test_an_encoding_without_our_characters_is_no_error(runs):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    for run in (runs.failed(), runs.hostile()):
        feed(choose_view(stream, {"LC_ALL": "C"}, "plain"), runs.events_of(run, b"\xc3\xa9\n"))
    assert raw.getvalue().isascii()
    assert b"\\xe9" in raw.getvalue()


@pytest.mark.parametrize(
    ("stream", "environ", "mode", "kind"),
    [
        (Terminal(), {"TERM": "xterm"}, "auto", LiveView),
        (Terminal(), {"TERM": "dumb"}, "auto", PlainView),
        (Terminal(), {}, "auto", PlainView),
        (Terminal(), {"TERM": "xterm", "TRAVIS": "true"}, "auto", PlainView),
        (Terminal(), {"TERM": "xterm"}, "plain", PlainView),
        (io.StringIO(), {"TERM": "xterm"}, "auto", PlainView),
        (io.StringIO(), {}, "live", LiveView),
        (Terminal(), {"TERM": "xterm"}, "events", JsonLinesView),
    ],
)
def test_the_view_fits_the_stream(stream, environ, mode, kind):
    assert type(choose_view(stream, environ, mode)) is kind


@pytest.mark.parametrize(
    ("environ", "mark"),
    [
        ({"GITHUB_ACTIONS": "true"}, "::group::"),
        ({"GITLAB_CI": "true"}, "section_start:"),
        ({"TRAVIS": "true"}, "travis_fold:start:"),
    ],
)
def test_services_get_their_folds(runs, environ, mark):
    stream = io.StringIO()
    feed(choose_view(stream, environ), runs.events_of(runs.passed()))
    assert mark in stream.getvalue()


def test_events_of_a_kind_nobody_knows_are_passed_over():
    class Newer(Event, frozen=True, kw_only=True):
        pass

    for mode in ("plain", "live"):
        feed(choose_view(io.StringIO(), {}, mode), [Newer(time=1.0)])


def test_a_step_whose_start_was_never_seen_still_ends(runs):
    events = [e for e in runs.events_of(runs.failed()) if not isinstance(e, StepStarted)]
    for mode in ("plain", "live"):
        stream = io.StringIO()
        feed(choose_view(stream, {}, mode), events)
        assert "2 new test failures" in stream.getvalue()
