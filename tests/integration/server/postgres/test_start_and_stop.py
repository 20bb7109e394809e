import os
import signal
import stat
import subprocess

import psycopg
import pytest

from fairlead.server.postgres import Ending, Postgres, PostgresFailed, supervisor_of
from fairlead.server.postgres.leftovers import processes_in


def test_cold_start_makes_a_database_of_our_own(folder, told, ask, best):
    root = folder / "deep" / "pg"
    with Postgres(root, told=told.append) as postgres:
        row = ask(postgres, "SELECT current_user, current_database(), version()")
        assert row[:2] == ("fairlead", "fairlead")
        assert row[2].startswith(f"PostgreSQL {best.version} ")
        assert postgres.ready
        assert postgres.pid in {process.pid for process in processes_in(root / f"pg{best.major}")}
        assert ask(postgres, "SHOW server_encoding") == ("UTF8",)
        assert ask(postgres, "SHOW listen_addresses") == ("",)
        assert ask(postgres, "SHOW fsync") == ("on",)
        assert ask(postgres, "SELECT upper('é')") == ("É",)
    names = {path.name for path in root.iterdir()}
    assert names == {
        "lock", f"pg{best.major}", "pg_hba.conf", "pg_ident.conf", "postgres.log", "run",
    }  # fmt: skip
    assert told == []


def test_warm_start_has_what_was_there(postgres, ask, data, told):
    inode = data.stat().st_ino
    for _ in range(2):
        postgres.start()
        assert ask(postgres, "SELECT n FROM kept") == (1,)
        assert postgres.stop() is Ending.CLEAN
    assert data.stat().st_ino == inode
    assert told == []


def test_url_and_conninfo_lead_to_it(postgres):
    address = postgres.start()
    for way in (address.url, address.conninfo):
        with psycopg.connect(way) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("fairlead",)
    assert address.socket.is_socket()


def test_clean_stop_leaves_nothing(postgres, root, data):
    postgres.start()
    assert supervisor_of(root) == os.getpid()
    assert postgres.stop() is Ending.CLEAN
    assert processes_in(data) == ()
    assert not (data / "postmaster.pid").exists()
    assert supervisor_of(root) == 0
    assert not postgres.ready
    assert postgres.pid == 0
    assert postgres.stop() is Ending.CLEAN


def test_a_stop_ends_sessions_that_are_open(postgres):
    with psycopg.connect(postgres.start().conninfo) as connection:
        connection.execute("SELECT 1")
        assert postgres.stop() is Ending.CLEAN
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_stop_that_has_to_be_forced(postgres, ask, data, told):
    postgres.start()
    pid = postgres.pid
    os.kill(pid, signal.SIGSTOP)
    assert postgres.stop(patience=0.1) is Ending.KILLED
    assert processes_in(data) == ()
    assert "stopping it at once" in told[0]
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_a_server_process_that_hangs_does_not_keep_it_from_stopping(
    postgres, data, ask, monkeypatch
):
    steps = ((signal.SIGQUIT, 0.1), (signal.SIGKILL, 30.0))
    monkeypatch.setattr(
        "fairlead.server.postgres.leftovers._PATIENCE", ((signal.SIGINT, 0.1), *steps)
    )
    postgres.start()
    children = [process.pid for process in processes_in(data) if process.pid != postgres.pid]
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    assert postgres.stop(patience=0.2) in (Ending.IMMEDIATE, Ending.KILLED)
    assert processes_in(data) == ()
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_an_interrupt_from_the_terminal_is_only_ours(postgres):
    postgres.start()
    assert os.getsid(postgres.pid) == postgres.pid != os.getsid(0)


def test_a_second_start_of_the_same_is_refused(postgres):
    postgres.start()
    with pytest.raises(PostgresFailed, match="already been started"):
        postgres.start()
    assert postgres.ready


def test_two_supervisors_at_once(postgres, root, ask, script):
    postgres.start()
    other = script(root, "try: Postgres(root).start()\nexcept FairleadError as e: print(e)")
    said, wrong = other.communicate()
    assert wrong == ""
    assert f"another Fairlead (process {os.getpid()}) already runs the database in {root}" in said
    assert "stop that one first" in said
    assert ask(postgres, "SELECT n FROM kept") == (1,)
    postgres.stop()
    with Postgres(root) as again:
        assert ask(again, "SELECT n FROM kept") == (1,)


def test_variables_of_the_caller_change_nothing(postgres, monkeypatch, ask):
    for name, value in {
        "PGDATA": "/nonexistent",
        "PGPORT": "1",
        "PGOPTIONS": "-c fsync=off",
        "LC_ALL": "xx_XX",
    }.items():
        monkeypatch.setenv(name, value)
    address = postgres.start()
    monkeypatch.undo()
    with psycopg.connect(address.conninfo) as connection:
        assert connection.execute("SHOW data_directory").fetchone() != ("/nonexistent",)


def test_a_large_log_is_put_aside(postgres, root, monkeypatch):
    (root / "postgres.log").write_bytes(b"old\n" * 1000)
    monkeypatch.setattr("fairlead.server.postgres.server._LARGEST_LOG", 4000)
    postgres.start()
    assert (root / "postgres.log.1").read_bytes() == b"old\n" * 1000
    assert b"old" not in (root / "postgres.log").read_bytes()


def test_folders_are_closed(postgres, root, data):
    address = postgres.start()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (root, data, address.folder, root / "postgres.log", root / "pg_hba.conf")
    }
    outer = 0o710 if os.geteuid() == 0 else 0o700
    assert modes == {
        root.name: outer, data.name: 0o700, "run": 0o700, "postgres.log": 0o600,
        "pg_hba.conf": 0o640,
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_only_who_started_it_may_log_in(postgres, drop, best):
    address = postgres.start()
    assert os.stat(f"/proc/{postgres.pid}").st_uid == drop["user"] != 0
    psql = (best.program("psql"), "-d", address.conninfo, "-Atc", "SELECT 1")
    for user in ({"user": 12345, "group": 12345, "extra_groups": []}, drop):
        done = subprocess.run(psql, capture_output=True, text=True, check=False, cwd="/", **user)
        assert done.returncode == 2
    assert 'Peer authentication failed for user "fairlead"' in done.stderr
    assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout == "1\n"
