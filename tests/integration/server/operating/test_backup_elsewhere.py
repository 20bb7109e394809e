"""Backups of and into a PostgreSQL that was named, and files outside of the data folder."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest


@pytest.fixture
def url(postgres):
    """A database of its own in the cluster of the other tests."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)")
        connection.execute("CREATE DATABASE restored")
        yield postgres.url.replace("/fairlead?", "/restored?")
        connection.execute("DROP DATABASE restored WITH (FORCE)")


@pytest.fixture
def named(empty, filled, url):
    """A machine that was told a database, without any installation."""
    empty.token = filled.token
    empty.more["FAIRLEAD_DATABASE_URL"] = url
    return empty


def rows(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM store_build").fetchone()[0]


def test_from_the_embedded_one_to_a_named_one(filled, backup, named, url, looks):
    seen = filled.look()
    done = named.command("restore", backup)
    assert done.returncode == 0, done.stderr
    assert looks(named) == seen
    assert not (named.data / "postgres").exists()


def test_a_named_one_is_only_replaced_by_force(filled, backup, named, url, looks):
    assert named.command("restore", backup).returncode == 0
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE later (n int)")
        connection.execute("UPDATE store_project SET name = 'other'")
    done = named.command("restore", backup)
    assert done.returncode == 2
    assert b"the database holds an installation already" in done.stderr
    assert named.command("restore", "--force", backup).returncode == 0
    assert looks(named) == filled.look()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)


def test_saved_from_a_named_one(filled, backup, named, url, looks, tmp_path):
    assert named.command("restore", backup).returncode == 0
    file = tmp_path / "again.tar"
    done = named.command("backup", file)
    assert done.returncode == 0, done.stderr
    assert named.command("restore", "--force", file).returncode == 0
    assert looks(named) == filled.look()


def test_somebody_who_uses_the_database_is_not_waited_for_long(backup, named, url):
    assert named.command("restore", backup).returncode == 0
    (named.data / "storage/logs/0/9.gz").write_bytes(b"of the old one")
    with psycopg.connect(url) as connection:
        connection.execute("SELECT * FROM store_build")  # and the transaction stays open
        done = named.command("restore", "--force", backup)
    assert done.returncode == 2
    assert b"the database was not replaced" in done.stderr
    assert b"stop every fairlead" in done.stderr
    assert (named.data / "storage/logs/0/9.gz").exists()
    assert rows(url) == 3


def test_killed_between_files_and_rows_it_is_done_again(filled, backup, named, url, looks):
    """The one moment that is not whole: files in place, the transaction not ended."""
    code = (
        "import os, signal, sys\n"
        "import fairlead.server.operating.restore as restore\n"
        "from fairlead.server.configuration import load_configuration\n"
        "restore.put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    restore.restore(load_configuration(os.environ), file)\n"
    )
    argv = [sys.executable, "-c", code, backup]
    assert subprocess.run(argv, env=named.environ, check=False).returncode == -signal.SIGKILL
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('store_build')").fetchone() == (None,)
    done = named.command("restore", backup)
    assert done.returncode == 0, done.stderr
    assert looks(named) == filled.look()


def test_files_in_another_folder(filled, backup, empty, tmp_path):
    empty.token = filled.token
    empty.more["FAIRLEAD_STORAGE"] = str(tmp_path / "files")
    assert empty.command("restore", backup).returncode == 0
    assert empty.look() == filled.look()
    assert (tmp_path / "files/logs/0").is_dir()
    assert not any((empty.data / "storage").iterdir())
    file = tmp_path / "again.tar"
    assert empty.command("backup", file).returncode == 0
    assert file.stat().st_size >= backup.stat().st_size * 0.9


def test_a_file_that_a_row_names_and_that_is_gone_is_said(filled, backup, empty, tmp_path):
    empty.token = filled.token
    assert empty.command("restore", backup).returncode == 0
    os.remove(empty.data / "storage/artifacts/0/2/0")
    done = empty.command("backup", tmp_path / "file")
    assert done.returncode == 0
    assert done.stderr.decode().splitlines()[-1] == "missing: artifacts/0/2/0"


def test_a_database_that_does_not_answer(empty, tmp_path):
    empty.more["FAIRLEAD_DATABASE_URL"] = "postgresql://127.0.0.1:1/none"
    for words in (("backup", tmp_path / "file"), ("restore", "/dev/null")):
        done = empty.command(*words)
        assert done.returncode == 2
        assert b"cannot be reached" in done.stderr
        assert b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_role_for_workers_is_made_by_command(filled, backup, named, url, empty):
    assert named.command("restore", backup).returncode == 0
    done = named.command("admin", "worker-role", "of_the_command")
    assert done.returncode == 0, done.stderr
    with psycopg.connect(done.stdout.decode().strip()) as connection:
        assert connection.execute("SELECT count(*) FROM store_build").fetchone() == (3,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM store_token")
    named.more.clear()
    embedded = empty.command("admin", "worker-role", "of_the_command")
    assert embedded.returncode == 2
    assert b"from this machine alone" in embedded.stderr
