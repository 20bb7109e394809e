import io
import re

import pytest

from fairlead.cli.view import Look
from fairlead.cli.view.base import Writer
from fairlead.cli.view.canvas import Canvas
from fairlead.cli.view.frame import frame
from fairlead.cli.view.live import LiveView
from fairlead.cli.view.look import cells
from fairlead.cli.view.state import RunState
from fairlead.cli.view.tail import Tail
from fairlead.model import JobFinished, JobStarted, Output, RunFinished, RunStarted, StepFinished

SGR = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """As much of a terminal as the canvas uses; lines never wrap in it."""

    def __init__(self):
        self.rows = [""]
        self.at = 0

    def feed(self, text):
        for part in re.findall(r"\x1b\[\d*[AKJ]|\n|\r|[^\x1b\n\r]+", SGR.sub("", text)):
            if part == "\n":
                self.at += 1
                self.rows += [""] * (self.at + 1 - len(self.rows))
            elif part.endswith("A") and part[0] == "\x1b":
                self.at -= int(part[2:-1])
                assert self.at >= 0
            elif part == "\x1b[J":
                del self.rows[self.at + 1 :]
                self.rows[self.at] = ""
            elif part not in ("\r", "\x1b[K"):
                self.rows[self.at] = part


class Stream(io.StringIO):
    def __init__(self):
        super().__init__()
        self.screen = Screen()

    def write(self, text):
        self.screen.feed(text)
        return super().write(text)


def half_way(runs, run, **rest):
    """The state when the first jobs have ended and the next are in the middle of their tests."""
    state = RunState(**rest)
    events = [
        e
        for e in runs.events_of(run, b"GET /\n\x1b[2Jlast \x1b[31mline\n")
        if not isinstance(e, RunFinished)
    ]
    started = 0
    for event in events:
        if getattr(event, "job", None) in ("unit-3.12", "unit-3.13") and isinstance(
            event, (JobFinished, StepFinished)
        ):
            continue
        started += isinstance(event, JobStarted)
        if started > 5:
            break
        state.apply(event)
    return state


FRAME = """\
run 12 · 3 of 9 jobs, 1 failed · 960 tests, 4 failed     0:10 · about 0:09 left
✓ 2 passed  unit-3.9, unit-3.11
✗ lint       failed  2 new violations (none allowed)                       0:00
⠋ unit-3.12  pytest                       ━━━━━━━━━━━━ 240/240, 2 failed   0:06
  │ last line
⠋ unit-3.13  pytest                       ━━━━━━━━━━━━ 240/240, 2 failed   0:05
  │ last line
· 4 waiting  web-3.12-django4.2, web-3.12-django5.2, web-3.13-django5.2, docs-…
latest failing tests
✗ tests/test_client.py::TestPages::test_pages_are_followed[two pages, slow]  u…
✗ tests/test_balance.py::test_statement_of_a_foreign_account  unit-3.12
✗ tests/test_client.py::TestPages::test_pages_are_followed[two pages, slow]  u…
✗ tests/test_balance.py::test_statement_of_a_foreign_account  unit-3.13"""


def test_a_picture_of_a_run_at_eighty_columns(runs):
    run = runs.failed()
    state = half_way(runs, run, expected={job.id: 4.5 for job in run.plan.jobs})
    lines = frame(state, Look(width=80), now=runs.STARTED + 10.0, height=23)
    assert "\n".join(lines) == FRAME


def test_any_size_is_kept(runs):
    for run in (runs.failed(), runs.huge(), runs.hostile()):
        state = half_way(runs, run)
        for width in (20, 40, 79, 200):
            for height in (4, 10, 50):
                lines = frame(
                    state, Look(width=width, colour=True), now=runs.STARTED, height=height
                )
                assert len(lines) <= height
                assert max(cells(SGR.sub("", line)) for line in lines) < max(width, 30)


def test_many_running_jobs_are_cut_to_the_screen(runs):
    state = RunState()
    run = runs.huge()
    state.apply(RunStarted(time=0.0, number=1, plan=run.plan))
    for job in run.plan.jobs[:60]:
        state.apply(JobStarted(time=0.0, job=job.id))
    lines = frame(state, Look(), now=1.0, height=20)
    assert len(lines) <= 20
    assert lines[-2] == "  … 43 more running"
    assert lines[-1].startswith("· 140 waiting  unit-3.9-django1.5, ")


def test_time_left_needs_history_of_every_job(runs):
    run = runs.failed()
    known = {job.id: 10.0 for job in run.plan.jobs}
    state = half_way(runs, run, expected=known)
    assert state.left(runs.STARTED + 5.0) == pytest.approx((8.8 + 9.4 + 40.0) / 2)
    del known["docs-3.12"]
    assert half_way(runs, run, expected=known).left(runs.STARTED + 5.0) is None
    assert RunState().left(0.0) is None


def test_the_screen_holds_the_newest_picture_and_nothing_else():
    stream = Stream()
    canvas = Canvas(Writer(stream))
    canvas.draw(["one", "two", "three"], 80)
    canvas.draw(["one", "2", "three"], 80)
    assert stream.screen.rows == ["one", "2", "three", ""]
    canvas.draw(["only"], 80)
    assert stream.screen.rows == ["only", ""]
    canvas.draw(["only", "more"], 80)
    canvas.clear()
    assert stream.screen.rows == [""]


def test_a_picture_that_did_not_change_is_not_written_again():
    stream = Stream()
    canvas = Canvas(Writer(stream))
    canvas.draw(["one", "two"], 80)
    written = stream.getvalue()
    canvas.draw(["one", "two"], 80)
    assert stream.getvalue() == written
    canvas.draw(["one", "2"], 80)
    assert "one" not in stream.getvalue()[len(written) :]


def test_a_narrower_terminal_has_wrapped_the_picture():
    stream = io.StringIO()
    canvas = Canvas(Writer(stream))
    canvas.draw(["x" * 70, "short"], 80)
    before = stream.tell()
    canvas.draw(["short"], 40)
    assert stream.getvalue()[before:].startswith("\x1b[3A\r\x1b[J")


def test_the_live_view_ends_with_the_ending_and_no_picture(runs):
    stream = Stream()
    view = LiveView(stream, Look(), {})
    events = list(runs.events_of(runs.failed(), b"Found 4 errors.\n"))
    for event in events[:-1]:
        view(event)
    view.draw(runs.STARTED + 5)
    assert stream.screen.rows[0].startswith("run 12 · 9 of 9 jobs")
    view(events[-1])
    view.close()
    assert stream.screen.rows[0].startswith("2 failing tests ──")
    assert "  Found 4 errors." in stream.screen.rows
    assert stream.screen.rows[-2] == "  run 12: fairlead report 12 --open"


def test_a_build_is_shown_as_one_and_ends_with_other_words(runs):
    stream = Stream()
    view = LiveView(stream, Look(), {}, "build")
    for event in list(runs.events_of(runs.failed()))[:10]:
        view(event)
    view.draw(runs.STARTED)
    assert stream.screen.rows[0].startswith("build 12 · 0 of 9 jobs")
    view.finish("failed: said by the server\n")
    view.close()
    assert stream.screen.rows == ["failed: said by the server", ""]


def test_closed_without_an_end_the_picture_stays(runs):
    stream = Stream()
    view = LiveView(stream, Look(), {})
    for event in list(runs.events_of(runs.failed()))[:10]:
        view(event)
    view.draw(runs.STARTED)
    view.close()
    view.close()
    assert stream.screen.rows[0].startswith("run 12 · 0 of 9 jobs")


def test_output_costs_a_bounded_space():
    tail = Tail(1000)
    for n in range(5000):
        tail.add(b"line %d\n" % n)
    assert tail.total == sum(len(b"line %d\n" % n) for n in range(5000))
    assert tail.cut
    assert tail.lines(last=2) == ["line 4998", "line 4999"]
    assert 950 <= len("\n".join(tail.lines())) <= 2000
    tail.add(b"x" * 50_000_000)
    assert tail.lines() == ["x" * 1000]


def test_the_last_line_is_the_last_that_says_something():
    tail = Tail()
    assert not tail.last_line()
    tail.add(b"said something\n")
    tail.add(b"\n \n")
    assert tail.last_line() == "said something"


def test_output_of_a_job_nobody_knows_is_passed_over():
    RunState().apply(Output(time=0.0, job="x", attempt=1, step=0, data=b"x"))
