"""What the engine survives: each of its six hardenings, with real processes and signals.

Seconds are shortened (``QUICK``): a worker is taken for dead after 1.5 s of silence.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

import pytest

ENDS = ("passed", "failed", "errored", "cancelled")


@pytest.fixture
def gate(tmp_path):
    """A step that notes each time it begins, and goes on once ``open`` was called."""
    return Gate(tmp_path)


class Gate:
    def __init__(self, folder: Path) -> None:
        # The sandbox shows a job nothing of the host, so these steps run without one.
        self.begun, self.opened = folder / "begun", folder / "opened"
        self.script = (
            f"echo $$ >> {self.begun}\necho begun\n"
            f"while [ ! -e {self.opened} ]; do sleep 0.05; done\necho over"
        )

    @property
    def pids(self):
        return [int(n) for n in self.begun.read_text().split()] if self.begun.exists() else []

    def open(self) -> None:
        self.opened.touch()


@pytest.fixture
def unboxed(agents):
    def start(name, **more):
        return agents(name, FAIRLEAD_SANDBOX="process", **more)

    return start


def alive(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.fixture
def written(log_of):
    """The lines of a build's log that the step wrote, in order."""

    def read(build):
        return [line for line in log_of(build).splitlines() if line in {b"begun", b"over"}]

    return read


def test_another_worker_takes_over_from_one_that_was_killed(
    unboxed, written, make_project, push, reaches, gate, wait_until
):
    project = make_project(gate.script)
    first = unboxed("first")
    build = push(project)
    wait_until(lambda: gate.pids)
    before = reaches(build, "running")
    unboxed("second")
    first.end(SIGKILL)
    wait_until(lambda: len(gate.pids) == 2)
    after = reaches(build, "running")
    assert after.job_id != before.job_id
    gate.open()
    build = reaches(build, *ENDS)
    assert (build.state, build.takeovers) == ("passed", 1), build.reason
    assert written(build) == [b"begun", b"over"]
    assert build.jobs.count() == 1


def test_processes_of_a_killed_worker_end(unboxed, make_project, push, gate, wait_until):
    worker = unboxed("first")
    push(make_project(gate.script))
    pid = wait_until(lambda: gate.pids)[0]
    assert alive(pid)
    worker.end(SIGKILL)
    wait_until(lambda: not alive(pid), 10)


def test_a_worker_that_is_told_to_stop_finishes_its_build_first(
    unboxed, make_project, push, reaches, gate, wait_until
):
    from fairlead.server.store.models import Worker

    first = unboxed("first")
    build = push(make_project(gate.script))
    wait_until(lambda: gate.pids)
    running = reaches(build, "running")
    unboxed("second")
    first.signal(SIGTERM)
    wait_until(lambda: Worker.objects.filter(name="first", stopping=True).exists())
    time.sleep(3)  # twice as long as a silent worker is waited for
    assert reaches(build, "running").job_id == running.job_id
    gate.open()
    build = reaches(build, *ENDS)
    assert (build.state, build.takeovers, len(gate.pids)) == ("passed", 0, 1)
    assert first.process.wait(60) == 0


def test_a_build_can_be_cancelled_while_its_worker_stops(
    unboxed, make_project, push, reaches, gate, wait_until
):
    from fairlead.server.services.builds import cancel

    worker = unboxed("first")
    build = push(make_project(gate.script))
    wait_until(lambda: gate.pids)
    worker.signal(SIGTERM)
    time.sleep(0.5)
    assert cancel(build, "not needed")
    assert worker.process.wait(60) == 0
    assert reaches(build, *ENDS).state == "cancelled"


def test_a_worker_that_stops_for_too_long_hands_its_build_over(
    unboxed, make_project, push, reaches, gate, wait_until
):
    first = unboxed("first", FAIRLEAD_DRAIN_TIMEOUT="0.5")
    build = push(make_project(gate.script))
    wait_until(lambda: gate.pids)
    assert first.end(SIGTERM) == 0
    waiting = reaches(build, "queued")
    assert waiting.takeovers == 1
    gate.open()
    unboxed("second")
    build = reaches(build, *ENDS)
    assert (build.state, len(gate.pids)) == ("passed", 2), build.reason


def test_a_worker_that_slept_changes_nothing_when_it_wakes(
    unboxed, written, make_project, push, reaches, gate, wait_until
):
    from procrastinate.contrib.django.models import ProcrastinateJob

    first = unboxed("first")
    build = push(make_project(gate.script))
    zombie = wait_until(lambda: gate.pids)[0]
    old = reaches(build, "running").job_id
    first.signal(SIGSTOP)
    unboxed("second")
    wait_until(lambda: len(gate.pids) == 2)
    new = reaches(build, "running").job_id
    gate.open()  # both runs may end now
    os.kill(zombie, SIGCONT)
    ended = reaches(build, *ENDS)
    first.signal(SIGCONT)
    wait_until(lambda: "was not accepted" in first.said)
    now = reaches(build, *ENDS)
    assert (now.state, now.job_id, now.finished) == ("passed", new, ended.finished)
    assert written(build) == [b"begun", b"over"]
    assert ProcrastinateJob.objects.get(pk=old).status == "failed"
    assert first.process.poll() is None


def test_a_running_build_is_cancelled_with_its_reason(
    unboxed, make_project, push, reaches, gate, wait_until
):
    from procrastinate.contrib.django.models import ProcrastinateJob

    from fairlead.server.services.builds import cancel

    unboxed("first")
    build = push(make_project(gate.script))
    pid = wait_until(lambda: gate.pids)[0]
    assert cancel(build, "no longer wanted")
    now = reaches(build, *ENDS)
    assert (now.state, now.reason) == ("cancelled", "no longer wanted")
    assert now.jobs.get().state == "cancelled"
    wait_until(lambda: not alive(pid), 10)
    job = ProcrastinateJob.objects.filter(pk=now.job_id)
    wait_until(lambda: job.get().status == "aborted")
    assert not cancel(build)


def test_a_cancelled_build_whose_worker_died_is_not_begun_again(
    unboxed, make_project, push, reaches, gate, wait_until
):
    from fairlead.server.services.builds import cancel

    first = unboxed("first")
    build = push(make_project(gate.script))
    wait_until(lambda: gate.pids)
    first.end(SIGKILL)
    assert cancel(build, "enough")
    unboxed("second")
    build = reaches(build, *ENDS)
    assert (build.state, build.reason, len(gate.pids)) == ("cancelled", "enough", 1)


def test_a_short_restart_of_the_database_is_not_noticed_by_a_build(
    unboxed, written, make_project, push, reaches, gate, wait_until, postgres
):
    worker = unboxed("first", FAIRLEAD_EVERY_LEASE="20", FAIRLEAD_EVERY_STALLED="30")
    build = push(make_project(gate.script))
    wait_until(lambda: gate.pids)
    restarted(postgres)
    gate.open()
    build = reaches(build, *ENDS)
    assert (build.state, build.takeovers, len(gate.pids)) == ("passed", 0, 1), build.reason
    assert written(build) == [b"begun", b"over"]
    assert worker.process.poll() is None


def test_a_restart_longer_than_the_pool_waits_ends_no_worker(
    unboxed, make_project, push, reaches, gate, wait_until, postgres
):
    worker = unboxed("first", FAIRLEAD_POOL_TIMEOUT="1", FAIRLEAD_SLOTS="2")
    project = make_project(gate.script)
    build = push(project)
    wait_until(lambda: gate.pids)
    restarted(postgres, away=4)
    # Its lease ended meanwhile: it began again, here, under another job.
    wait_until(lambda: len(gate.pids) == 2)
    gate.open()
    build = reaches(build, *ENDS)
    assert (build.state, build.takeovers) == ("passed", 1), build.reason
    assert worker.process.poll() is None
    reaches(push(project), "passed")


def test_a_worker_without_the_database_ends_its_build_in_time(
    unboxed, make_project, push, gate, wait_until, postgres
):
    """Somebody else may have been given it: it ends while the database is still away."""
    unboxed("first")
    push(make_project(gate.script))
    pid = wait_until(lambda: gate.pids)[0]
    with restarting(postgres):
        wait_until(lambda: not alive(pid), 10)


def test_jobs_are_noticed_at_once_after_a_restart(
    unboxed, make_project, push, reaches, postgres, wait_until
):
    """With polling out of the way, only a listener that came back can start this build."""
    worker = unboxed("first", FAIRLEAD_EVERY_POLL="600")
    project = make_project()
    reaches(push(project), "passed")
    restarted(postgres, away=1)
    wait_until(lambda: listeners() > 0)
    assert worker.process.poll() is None
    reaches(push(project), "passed")


def test_a_build_behind_another_begins_when_that_ends(
    unboxed, make_project, push, reaches, gate, wait_until
):
    """Without the trigger nobody is told, and polling is out of the way."""
    unboxed("first", FAIRLEAD_EVERY_POLL="600", FAIRLEAD_SLOTS="2")
    project = make_project(gate.script, concurrency=1)
    one, two = push(project, branch="one"), push(project, branch="two")
    wait_until(lambda: gate.pids)
    assert reaches(two, "queued").job_id
    gate.open()
    reaches(one, "passed")
    reaches(two, "passed")


def test_a_build_that_kills_its_workers_is_given_up(database, make_project, push):
    from fairlead.server.engine import changes

    build = push(make_project())
    for _ in range(changes.MOST_TAKEOVERS + 1):
        build.refresh_from_db()
        assert changes.claim(build.pk, build.job_id, None)
        changes.pass_on(build.pk, build.job_id, lost=True)
    build.refresh_from_db()
    assert (build.state, build.reason) == ("errored", "it lost 4 workers")


@contextmanager
def restarting(postgres):
    from django.db import connection

    connection.close()
    connection.close_pool()
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


def restarted(postgres, away=0.0):
    with restarting(postgres):
        time.sleep(away)


def listeners():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'listen%'")
        return cursor.fetchone()[0]
