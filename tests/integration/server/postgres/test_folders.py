"""Folders that cannot be used, and what is said about them."""

import os
import subprocess

import psycopg
import pytest

from fairlead.errors import FairleadError
from fairlead.server.postgres import Postgres, PostgresFailed
from fairlead.server.postgres.leftovers import processes_in

_AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
_START = """
try:
    Postgres(root).start()
    print("started")
except FairleadError as error:
    print(error)
"""


def test_data_is_in_a_folder_of_its_version(root, best):
    assert (root / f"pg{best.major}" / "PG_VERSION").read_text() == f"{best.major}\n"


def test_data_of_another_major_version(root, data):
    (data / "PG_VERSION").write_text("12\n")
    data.rename(root / "pg12")
    with pytest.raises(PostgresFailed) as caught:
        Postgres(root).start()
    assert f"{root / 'pg12'} was made by PostgreSQL 12, and this machine has " in str(caught.value)
    assert "install PostgreSQL 12, take a backup with it, move pg12 elsewhere" in caught.value.hint
    assert {path.name for path in root.glob("pg[0-9]*")} == {"pg12"}


def test_data_that_is_not_what_its_name_says(postgres, data):
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresFailed, match="holds data of PostgreSQL 12"):
        postgres.start()


def test_a_data_folder_with_something_else_in_it(folder, best):
    data = folder / "pg" / f"pg{best.major}"
    data.mkdir(parents=True)
    (data / "precious").touch()
    with pytest.raises(PostgresFailed, match="no data of PostgreSQL"):
        Postgres(folder / "pg").start()
    assert [path.name for path in data.iterdir()] == ["precious"]


def test_older_data_is_used_as_long_as_there_are_programs_for_it(folder, ask):
    from fairlead.server.postgres.programs import available

    found = available()
    if len({programs.major for programs in found}) == 1:
        pytest.skip("there is only one major version of PostgreSQL here")
    oldest = min(found, key=lambda programs: programs.major)
    with Postgres(folder / "pg", found=(oldest,)) as postgres:
        assert ask(postgres, "SHOW server_version")[0].startswith(oldest.version)
    with Postgres(folder / "pg") as postgres:
        assert ask(postgres, "SHOW server_version")[0].startswith(f"{oldest.major}.")
    assert [path.name for path in (folder / "pg").glob("pg[0-9]*")] == [f"pg{oldest.major}"]


def test_a_path_too_long_for_a_socket(folder):
    root = folder / ("long" * 25)
    with pytest.raises(PostgresFailed, match="too long for a socket") as caught:
        Postgres(root).start()
    assert "/var/lib/fairlead" in caught.value.hint
    assert not root.exists()


@pytest.mark.parametrize("name", ["one,two", "one\ntwo"])
def test_a_path_that_means_something_else_to_clients(folder, name):
    with pytest.raises(PostgresFailed, match="comma or a line break"):
        Postgres(folder / name).start()
    assert not (folder / name).exists()


def test_a_file_in_the_place_of_the_folder(folder):
    (folder / "pg").touch()
    with pytest.raises(PostgresFailed, match=r"cannot write .*/pg: "):
        Postgres(folder / "pg").start()


def test_names_with_spaces_and_quotes(folder, template, ask):
    root = folder / 'it\'s \\ "here"; 50 % & é'
    subprocess.run(("cp", "-a", template, root), check=True)
    with Postgres(root) as postgres:
        with psycopg.connect(postgres.address.url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_a_read_only_folder(folder, script, boxed):
    (folder / "pg").mkdir()
    said, wrong = script(folder / "pg", _START, *boxed("--ro-bind", folder, folder)).communicate()
    assert wrong == ""
    assert "Read-only file system\n  make it writable for you" in said


def test_a_disk_too_small_for_a_new_cluster(folder, script, boxed):
    disk = ("--size", 30 << 20, "--tmpfs", folder)
    listed = f"{_START}\nprint(sorted(path.name for path in root.iterdir()))"
    said, wrong = script(folder / "pg", listed, *boxed(*disk)).communicate()
    assert wrong == ""
    assert "PostgreSQL's initdb failed" in said
    assert f"free some space in {folder}" in said
    assert "['lock', 'pg_hba.conf', 'pg_ident.conf', 'run']" in said


def test_a_disk_that_is_full_at_the_next_start(folder, template, script, boxed, data, drop):
    disk = ("--size", 128 << 20, "--tmpfs", folder)
    fill = (
        f"import subprocess; subprocess.run(('cp', '-a', {str(template)!r}, root), check=True)\n"
        "with open(root.parent / 'filling', 'wb', buffering=0) as file:\n"
        "    try:\n"
        "        while file.write(bytes(4096)): pass\n"
        "    except OSError: pass\n"
    )
    said, wrong = script(folder / "pg", fill + _START, *boxed(*disk)).communicate()
    assert wrong == ""
    assert "started" not in said
    assert "No space left on device\n  free some space" in said


def test_a_failed_start_leaves_the_folder_free(postgres, data, root, ask):
    control = data / "global" / "pg_control"
    control.rename(data / "away")
    with pytest.raises(PostgresFailed, match=r"PostgreSQL did not start: .*pg_control") as caught:
        postgres.start()
    assert f"its log is {root / 'postgres.log'}" in caught.value.hint
    assert processes_in(data) == ()
    (data / "away").rename(control)
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)


@_AS_ROOT
def test_a_folder_that_the_unprivileged_user_cannot_reach(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PostgresFailed, match=r"cannot get to .*/closed/pg") as caught:
        Postgres(closed / "pg").start()
    assert "use one like /var/lib/fairlead" in caught.value.hint


@_AS_ROOT
def test_a_folder_of_somebody_else(root):
    os.chown(root, 12345, 12345)
    with pytest.raises(FairleadError, match="belongs to user 12345, and Fairlead runs as 0"):
        Postgres(root).start()


@_AS_ROOT
def test_data_of_a_user_without_a_name(root, data):
    os.chown(data, 54321, 54321)
    with pytest.raises(FairleadError, match="user 54321 has no name"):
        Postgres(root).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_ordinary_user_in_a_folder_it_may_not_write(folder):
    (folder / "closed").mkdir(mode=0o500)
    with pytest.raises(PostgresFailed, match="Permission denied\n  make it writable for you"):
        Postgres(folder / "closed" / "pg").start()
