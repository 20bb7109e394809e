from fairlead.server.hosting.live import JobSeen, Seen, StepSeen, Telling


def seen(**fields):
    return Seen(number=3, **{"state": "running", **fields})


def test_each_thing_is_told_once():
    telling = Telling()
    step = (
        1,
        StepSeen(job="j", name="pytest\nmore", state="failed", seconds=1.25, reason="code 1"),
    )
    now = seen(jobs=(JobSeen(name="j", state="running"),), steps=(step,))
    assert telling.lines(now) == ["  j: pytest: failed after 1.2 s: code 1"]
    assert telling.lines(now) == []
    end = seen(state="failed", ended=True, sentence="1 job failed", steps=(step,))
    assert telling.lines(end) == ["build 3 failed: 1 job failed"]


def test_waiting_is_told_only_where_it_lasts():
    telling = Telling()
    waiting = seen(state="queued", waiting="no worker has py27")
    assert telling.lines(waiting) == []
    assert telling.lines(waiting) == ["  waiting: no worker has py27"]
    assert telling.lines(waiting) == []


def test_a_matrix_tells_jobs_and_not_steps():
    jobs = tuple(JobSeen(name=f"j{n}", state="passed", seconds=1) for n in range(13))
    steps = ((1, StepSeen(job="j1", name="x", state="passed")),)
    lines = Telling().lines(seen(jobs=jobs, steps=steps))
    assert lines == [f"  j{n} passed after 1.0 s" for n in range(13)]


def test_many_failing_tests_are_counted_and_long_ones_cut():
    bad = tuple((n, f"test_{n} " + "x" * 500) for n in range(21))
    lines = Telling().lines(seen(state="failed", ended=True, bad=bad, bad_tests=1234))
    assert len(lines) == 22
    assert all(len(line) <= 160 for line in lines)
    assert lines[-2] == "  and 1,214 more tests failed"
