"""A role of the database for workers on other hosts: what they need, and nothing more.

A worker runs other people's code. With its password in the wrong hands one can spoil builds,
but not read tokens, people, sessions or webhook secrets, and not make a build.
"""

import re
import secrets
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection, transaction
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composable, Identifier, Literal

from fairlead.errors import FairleadError, UsageError
from fairlead.server.postgres import address_of

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_ALL = "SELECT, INSERT, UPDATE, DELETE"
_RIGHTS = {
    "store_build": "SELECT, UPDATE",
    "store_job": _ALL,
    "store_attempt": _ALL,
    "store_step": _ALL,
    "store_test": _ALL,
    "store_artifact": _ALL,
    "store_logchunk": _ALL,
    "store_worker": _ALL,
    "django_migrations": "SELECT",
}
_PARTLY = {
    "store_project": ("webhook_secret",),
    "store_environment": ("specification", "hosts", "trouble"),
}
"""Tables that are read without some columns."""

_QUEUE = "procrastinate\\_%"


def make_worker_role(name: str) -> str:
    """Make the role, or give it a new password and what rights it misses; returns its URL.

    To be called again when an update has made new tables. Raises ``UsageError`` for a name that
    is none or belongs to somebody else, and ``FairleadError`` where nobody could use it.
    """
    if not _NAME.fullmatch(name) or name.startswith("pg_"):
        raise UsageError(
            f"{name[:100]!a} is no name of a role",
            hint="lower-case letters, digits and _, such as fairlead_worker",
        )
    told = settings.FAIRLEAD
    if told.database_url == address_of(told.data / "postgres").url:
        raise FairleadError(
            "the embedded PostgreSQL is reached from this machine alone",
            hint="workers on other hosts need a server that FAIRLEAD_DATABASE_URL names",
        )
    password = secrets.token_urlsafe(24)
    with transaction.atomic():
        _make(name, password)
        for statement in _grants(name):
            _run(statement)
    return _url(told.database_url, name, password)


def _make(name: str, password: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole OR rolname = current_user"
            " OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            (name,),
        )
        found = cursor.fetchone()
    if found and found[0]:
        raise UsageError(f"the role {name} may do more than a worker", hint="choose another name")
    # Not as plain text, which the server may log.
    hidden = connection.connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    )
    verb = "ALTER" if found else "CREATE"
    words = SQL("{} ROLE {} LOGIN PASSWORD {}")
    _run(words.format(SQL(verb), Identifier(name), Literal(hidden.decode())))


def _grants(name: str) -> list[Composable]:
    role = Identifier(name)
    rights = dict(_RIGHTS)
    rights |= dict.fromkeys(_names("SELECT tablename FROM pg_tables", "tablename"), _ALL)
    found: list[Composable] = [SQL("GRANT USAGE ON SCHEMA public TO {}").format(role)]
    for table, words in rights.items():
        grant = SQL("GRANT {} ON {} TO {}")
        found.append(grant.format(SQL(words), Identifier(table), role))
    for table, hidden in _PARTLY.items():
        columns = [Identifier(column) for column in _columns(table) if column not in hidden]
        grant = SQL("GRANT SELECT ({}) ON {} TO {}")
        found.append(grant.format(SQL(", ").join(columns), Identifier(table), role))
    numbered = [f"{table}_id_seq" for table in ("store_job", "store_attempt", "store_step")]
    for sequence in numbered + _names("SELECT sequencename FROM pg_sequences", "sequencename"):
        grant = SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}")
        found.append(grant.format(Identifier(sequence), role))
    return found


def _names(statement: str, column: str) -> list[str]:
    """Names of what belongs to the queue."""
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE schemaname = 'public' AND {column} LIKE %s", (_QUEUE,))
        return [name for (name,) in cursor.fetchall()]


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s",
            (table,),
        )
        return [name for (name,) in cursor.fetchall()]


def _run(statement: Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _url(url: str, name: str, password: str) -> str:
    """The same database as ``url`` names, for somebody else."""
    told = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    for key in ("user", "password"):
        told.pop(key, None)
    host, port, database = (told.pop(key, "") for key in ("host", "port", "dbname"))
    if "," in host or host.startswith("/"):
        told |= {"host": host} | ({"port": port} if port else {})
        host = port = ""
    place = f"{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
    who = f"{quote(name, safe='')}:{quote(password, safe='')}"
    rest = f"?{urlencode(told)}" if told else ""
    return f"postgresql://{who}@{place}/{quote(database, safe='')}{rest}"
