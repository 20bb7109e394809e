from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from fairlead.server.postgres import Address, address_of

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)


def test_where_a_folder_s_database_is():
    address = address_of(Path("/srv/pg"))
    assert address.socket == Path("/srv/pg/run/.s.PGSQL.5432")
    assert address.conninfo == "host=/srv/pg/run port=5432 user=fairlead dbname=fairlead"
    assert address.url == "postgresql://fairlead@/fairlead?host=%2Fsrv%2Fpg%2Frun&port=5432"
    assert address.django() == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "fairlead", "USER": "fairlead",
        "HOST": "/srv/pg/run", "PORT": "5432",
    }  # fmt: skip


def test_a_relative_folder_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert address_of(Path("pg")).folder == tmp_path / "pg" / "run"


@settings(deadline=None)
@given(_TEXT, _TEXT)
def test_libpq_reads_what_was_meant(folder, user):
    address = Address(folder=Path("/", folder.lstrip("/")), user=user)
    expected = {
        "host": str(address.folder), "port": "5432", "user": user, "dbname": "fairlead",
    }  # fmt: skip
    assert conninfo_to_dict(address.conninfo) == expected
    assert conninfo_to_dict(address.url) == expected


@settings(deadline=None)
@given(_TEXT)
def test_a_url_is_one_for_everybody(folder):
    address = Address(folder=Path("/", folder.lstrip("/")))
    parts = urlsplit(address.url)
    assert parse_qs(parts.query) == {"host": [str(address.folder)], "port": ["5432"]}
    assert unquote(parts.path) == "/fairlead"
