"""What must survive: kill -9 of anything, at any time."""

import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from fairlead.server.postgres import Ending, Postgres, PostgresFailed, leftovers
from fairlead.server.postgres.leftovers import processes_in
from fairlead.server.postgres.programs import Programs

_RUN = "postgres = Postgres(root); postgres.start(); print(postgres.pid, flush=True); input()"


def eventually(done):
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, "did not happen"
        time.sleep(0.01)


def test_kill_of_the_server_is_followed_by_a_start(postgres, ask, told):
    postgres.start()
    first = postgres.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: postgres.ready and postgres.pid != first)
    assert ask(postgres, "SELECT n FROM kept") == (1,)
    assert any("ended unexpectedly (-9)" in sentence for sentence in told)
    assert postgres.stop() is Ending.CLEAN


def test_what_was_committed_is_there_after_a_crash(postgres, ask):
    postgres.start()
    first = postgres.pid
    with psycopg.connect(postgres.address.conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
        os.kill(first, signal.SIGKILL)
    eventually(lambda: postgres.ready and postgres.pid != first)
    assert ask(postgres, "SELECT sum(n) FROM kept") == (3,)


def test_a_stop_while_it_waits_to_start_again(postgres, monkeypatch, data):
    monkeypatch.setattr("fairlead.server.postgres.keeper._SHORTEST", 3600.0)
    postgres.start()
    os.kill(postgres.pid, signal.SIGKILL)
    eventually(lambda: not postgres.ready)
    assert postgres.stop() is Ending.CLEAN
    assert processes_in(data) == ()


def test_it_is_tried_again_until_it_starts(postgres, ask, told, data, monkeypatch):
    monkeypatch.setattr("fairlead.server.postgres.keeper._LONGEST", 0.2)
    postgres.start()
    control = data / "global" / "pg_control"
    control.rename(data / "pg_control.away")
    os.kill(postgres.pid, signal.SIGKILL)
    eventually(lambda: sum("did not start" in sentence for sentence in told) >= 2)
    (data / "pg_control.away").rename(control)
    eventually(lambda: postgres.ready)
    assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_kill_of_fairlead_ends_the_server_in_good_order(root, data, script, told):
    fairlead = script(root, _RUN)
    pid = int(fairlead.stdout.readline())
    assert pid in {process.pid for process in processes_in(data)}
    fairlead.kill()
    fairlead.wait()
    eventually(lambda: not processes_in(data))
    assert "database system is shut down" in (root / "postgres.log").read_text()
    with Postgres(root, told=told.append):
        assert told == []


def test_the_end_of_the_thread_that_called_start_does_not_end_the_server(postgres, ask):
    thread = threading.Thread(target=postgres.start)
    thread.start()
    thread.join()
    assert ask(postgres, "SELECT n FROM kept") == (1,)
    assert postgres.stop() is Ending.CLEAN


def test_a_start_at_once_after_the_kill_of_fairlead(root, script, ask):
    fairlead = script(root, _RUN)
    fairlead.stdout.readline()
    fairlead.kill()
    fairlead.wait()
    with Postgres(root) as postgres:
        assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_a_server_left_behind_is_ended_and_replaced(root, data, best, drop, ask, told):
    run = root / "run"
    left = subprocess.Popen(
        (best.program("postgres"), "-D", data, "-k", run, "-c", "listen_addresses="),
        stderr=subprocess.DEVNULL, cwd="/", **drop,
    )  # fmt: skip
    eventually((run / ".s.PGSQL.5432").exists)
    with Postgres(root, told=told.append) as postgres:
        assert left.wait() == 0
        assert postgres.pid != left.pid
        assert ask(postgres, "SELECT n FROM kept") == (1,)
    assert told == [f"ending a PostgreSQL (process {left.pid}) that was left behind"]


def test_one_left_behind_that_hangs_is_killed(root, data, script, ask, monkeypatch):
    steps = ((signal.SIGINT, 0.1), (signal.SIGQUIT, 0.1), (signal.SIGKILL, 5.0))
    monkeypatch.setattr(leftovers, "_PATIENCE", steps)
    fairlead = script(root, _RUN)
    pid = int(fairlead.stdout.readline())
    os.kill(pid, signal.SIGSTOP)
    fairlead.kill()
    fairlead.wait()
    assert pid in {process.pid for process in processes_in(data)}
    with Postgres(root) as postgres:
        assert postgres.pid != pid
        assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_a_session_that_outlives_its_server_is_ended(postgres, data, ask, told):
    postgres.start()
    first = postgres.pid

    def compute():
        with suppress(psycopg.Error):
            ask(postgres, "SELECT count(*) FROM generate_series(1, 1000000000) a")

    thread = threading.Thread(target=compute)
    thread.start()
    before = {process.pid for process in processes_in(data)}
    eventually(lambda: ask(postgres, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT count.*generate_series' AND pid <> pg_backend_pid()") == (1,))  # fmt: skip
    busy = {process.pid for process in processes_in(data)} | before
    os.kill(first, signal.SIGKILL)
    eventually(lambda: postgres.ready and postgres.pid != first)
    thread.join()
    assert not busy & {process.pid for process in processes_in(data)}
    assert any("of a PostgreSQL that has died" in sentence for sentence in told)


@pytest.fixture
def dying(folder, best):
    """Programs whose initdb does all its work, and then something else."""

    def make(then):
        place = folder / "programs"
        place.mkdir(mode=0o755)
        for path in best.folder.iterdir():
            (place / path.name).symlink_to(path)
        (place / "initdb").unlink()
        (place / "initdb").write_text(
            f'#!/bin/sh\n{best.program("initdb")} "$@"\ntouch "${{1#--pgdata=}}/done"\n{then}\n'
        )
        (place / "initdb").chmod(0o755)
        return Programs(folder=place, version=best.version)

    return make


def test_a_killed_initdb_leaves_nothing_half(folder, dying, ask):
    root = folder / "pg"
    with pytest.raises(PostgresFailed, match="initdb failed"):
        Postgres(root, found=(dying("kill -9 $$"),)).start()
    assert {path.name for path in root.iterdir()} == {"lock", "pg_hba.conf", "pg_ident.conf", "run"}
    with Postgres(root) as postgres:
        assert ask(postgres, "SELECT 1") == (1,)


def test_fairlead_killed_in_mid_initdb_leaves_no_cluster(folder, dying, script, ask, best):
    root = folder / "pg"
    programs = dying("exec sleep 600")
    fairlead = script(
        root,
        "from fairlead.server.postgres.programs import Programs\n"
        f"Postgres(root, found=(Programs(folder=Path({str(programs.folder)!r}), "
        f"version={programs.version!r}),)).start()",
    )
    eventually(lambda: list(root.glob(".new-*/done")))
    fairlead.kill()
    fairlead.communicate()
    assert not (root / f"pg{best.major}").exists()
    with Postgres(root) as postgres:
        assert ask(postgres, "SELECT 1") == (1,)
    assert not list(root.glob(".new-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's own processes are open to it")
def test_root_without_the_right_to_look_at_others_finds_it_too(root, data, best, drop, script):
    if not shutil.which("setpriv"):
        pytest.skip("setpriv (util-linux) is not installed")
    run = root / "run"
    left = subprocess.Popen(
        (best.program("postgres"), "-D", data, "-k", run, "-c", "listen_addresses="),
        stderr=subprocess.DEVNULL, cwd="/", **drop,
    )  # fmt: skip
    told = data / "postmaster.pid"
    eventually(lambda: told.exists() and told.read_text().split()[-1:] == ["ready"])
    code = (
        "try: os.stat(f'/proc/{}/cwd')\n"
        "except PermissionError: print('may not look')\n"
        "with Postgres(root, told=print): print('started')"
    )
    without = ("setpriv", "--bounding-set=-sys_ptrace")
    # Somebody of the same number in a container, whom its own kind may not look at either.
    other = subprocess.Popen(("sleep", "600"), user=drop["user"], group=1, extra_groups=[])
    try:
        said, wrong = script(root, code.format(left.pid), *without).communicate()
    finally:
        other.kill()
        other.wait()
    assert wrong == ""
    assert said.splitlines() == [
        "may not look",
        f"ending a PostgreSQL (process {left.pid}) that was left behind",
        "started",
    ]
    assert left.wait() == 0


def test_a_listener_that_fails_keeps_nothing_from_being_started_again(root, ask):
    def told(sentence):
        raise RuntimeError(sentence)

    with Postgres(root, told=told) as postgres:
        first = postgres.pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: postgres.ready and postgres.pid != first)
        assert ask(postgres, "SELECT n FROM kept") == (1,)
