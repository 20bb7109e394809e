import stat

import psycopg
import pytest

from fairlead.server.postgres import Postgres, PostgresFailed


@pytest.fixture
def running(postgres):
    postgres.start()
    return postgres


@pytest.fixture
def saved(running, folder):
    running.dump(folder / "saved")
    return folder / "saved"


def change(postgres, *statements):
    with psycopg.connect(postgres.address.conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def databases(postgres):
    with psycopg.connect(postgres.address.conninfo) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        return {name for (name,) in rows.fetchall()}


def test_what_was_saved_comes_back(running, saved, ask):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert saved.read_bytes().startswith(b"PGDMP")
    change(running, "INSERT INTO kept VALUES (2)", "CREATE TABLE later (n int)")
    running.restore(saved)
    assert ask(running, "SELECT array_agg(n) FROM kept") == ([1],)
    assert ask(running, "SELECT to_regclass('later')") == (None,)
    assert databases(running) == {"fairlead", "postgres"}


def test_into_another_installation(running, saved, folder, ask):
    change(running, "CREATE ROLE somebody", "GRANT ALL ON kept TO somebody")
    change(running, "ALTER TABLE kept OWNER TO somebody")
    running.dump(saved)
    with Postgres(folder / "other") as other:
        other.restore(saved)
        assert ask(other, "SELECT n FROM kept") == (1,)


def test_everything_a_database_holds(running, folder, ask):
    change(
        running,
        'CREATE TABLE rich (id int GENERATED ALWAYS AS IDENTITY, t text COLLATE "C", b bytea)',
        "INSERT INTO rich (t, b) VALUES (E'é\\n\\\\', '\\x00ff')",
        "CREATE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2 * $1; END'",
        "CREATE INDEX ON rich (t)",
    )
    running.dump(folder / "rich")
    change(running, "DROP TABLE rich", "DROP FUNCTION twice")
    running.restore(folder / "rich")
    assert ask(running, "SELECT t, b, twice(id) FROM rich") == ("é\n\\", b"\x00\xff", 2)
    change(running, "INSERT INTO rich (t) VALUES ('next')")
    assert ask(running, "SELECT max(id) FROM rich") == (2,)


def test_another_fairlead_may_save_what_we_run(running, root, folder):
    Postgres(root).dump(folder / "saved")
    assert (folder / "saved").read_bytes().startswith(b"PGDMP")


def test_a_database_that_does_not_run_cannot_be_saved(root, folder):
    (folder / "saved").write_text("an older one")
    with pytest.raises(PostgresFailed, match="was not saved: pg_dump: error: connection to"):
        Postgres(root).dump(folder / "saved")
    assert (folder / "saved").read_text() == "an older one"
    assert {path.name for path in folder.iterdir()} == {"pg", "saved"}


def test_a_folder_for_backups_that_is_not_there(running, folder):
    with pytest.raises(PostgresFailed, match=r"cannot write .*No such file or directory"):
        running.dump(folder / "none" / "saved")


def test_no_space_for_the_backup(root, folder, script, boxed):
    (folder / "backups").mkdir()
    disk = ("--bind", folder, folder, "--size", 40960, "--tmpfs", folder / "backups")
    code = (
        "with Postgres(root) as postgres:\n"
        "    import subprocess\n"
        "    psql = postgres._chosen()[1].program('psql')\n"
        "    sql = 'CREATE TABLE large AS SELECT sha512(n::text::bytea) FROM generate_series(1, 5000) n'\n"
        "    subprocess.run((psql, '-q', '-d', postgres.address.conninfo, '-c', sql), check=True, cwd='/')\n"
        "    place = root.parent / 'backups'\n"
        "    try: postgres.dump(place / 'saved')\n"
        "    except FairleadError as error: print(error)\n"
        "    print(os.listdir(place))"
    )
    said, wrong = script(root, code, *boxed(*disk)).communicate()
    assert wrong == ""
    assert f"No space left on device\n  free some space in {folder / 'backups'}" in said
    assert said.endswith("[]\n")


@pytest.mark.parametrize("kind", ["rubbish", "empty", "cut short", "absent"])
def test_what_cannot_be_restored_changes_nothing(running, saved, ask, kind):
    whole = saved.read_bytes()
    content = {"rubbish": b"PGDMP and so on", "empty": b"", "cut short": whole[: len(whole) - 20]}
    if kind == "absent":
        saved.unlink()
    else:
        saved.write_bytes(content[kind])
    change(running, "INSERT INTO kept VALUES (2)")
    with pytest.raises(PostgresFailed) as caught:
        running.restore(saved)
    assert str(saved) in str(caught.value)
    assert caught.value.hint
    assert ask(running, "SELECT sum(n) FROM kept") == (3,)
    assert databases(running) == {"fairlead", "postgres"}


def test_it_is_not_replaced_under_somebody_s_feet(running, saved, ask):
    with psycopg.connect(running.address.conninfo) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
        with pytest.raises(PostgresFailed, match="somebody is connected to the database") as caught:
            running.restore(saved)
        connection.commit()
    assert "stop it first" in caught.value.hint
    assert ask(running, "SELECT sum(n) FROM kept") == (3,)
    assert databases(running) == {"fairlead", "postgres"}


def test_what_a_killed_restore_left_is_cleared_away(running, saved, ask):
    change(running, "CREATE DATABASE fairlead_restored", "CREATE DATABASE fairlead_before")
    running.restore(saved)
    assert ask(running, "SELECT n FROM kept") == (1,)
    assert databases(running) == {"fairlead", "postgres"}
