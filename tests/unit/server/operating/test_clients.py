import pytest

pytest.importorskip("psycopg")

from fairlead.server.operating.clients import Client, clients_for, major_of
from fairlead.server.postgres.errors import PostgresFailed
from fairlead.server.postgres.programs import Programs


@pytest.fixture
def found(tmp_path):
    """Versions 18 and 15 with clients, and 17 without."""
    made = []
    for version in ("18.4", "17.1", "15.9"):
        folder = tmp_path / version
        folder.mkdir()
        if version != "17.1":
            (folder / "pg_dump").touch()
        made.append(Programs(folder=folder, version=version))
    return made


@pytest.mark.parametrize(("major", "taken"), [(13, 15), (15, 15), (16, 18), (17, 18), (18, 18)])
def test_programs_are_never_older_than_the_server(found, major, taken):
    assert clients_for(major, found).major == taken


def test_a_server_that_is_newer_than_all(found):
    with pytest.raises(PostgresFailed, match="PostgreSQL 19") as caught:
        clients_for(19, found)
    assert "postgresql-client-19" in caught.value.hint


def test_versions_as_the_server_tells_them():
    assert (major_of(160004), major_of(130022)) == (16, 13)


def test_a_password_is_in_no_list_of_processes(found, tmp_path):
    program = found[0].folder / "pg_dump"
    program.write_text('#!/bin/sh\necho "error: $* / $PGPASSWORD" >&2; exit 1\n')
    program.chmod(0o755)
    client = Client(found[0], "postgresql://me:hidden@db.example.org/fl")
    with pytest.raises(PostgresFailed) as caught:
        client.dump(tmp_path / "dump", "1-1")
    arguments, _, password = caught.value.message.rpartition(" / ")
    assert "hidden" not in arguments
    assert "user=me" in arguments
    assert password == "hidden"
