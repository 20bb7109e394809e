"""A real PostgreSQL for a test session, with the store's tables, empty at each test's start."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.copying import reachable
from fairlead.server.postgres.programs import available


def _binaries(root, account):
    """A folder of PostgreSQL's programs: the system's, or else those of the wheel."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    if not (programs := available()):
        return None
    return reachable(programs[0], account, root / "programs").folder


def _account():
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return Account(
        name=user.pw_name,
        uid=user.pw_uid,
        gid=user.pw_gid,
        caller="",
        dropped=os.geteuid() == 0,
    )


class Server:
    """A cluster below ``root``; as root it runs under a user without rights."""

    def __init__(self, root: Path) -> None:
        self.root, self.data, self.socket = root, root / "data", root / "run"
        self.url = f"postgresql://fairlead@/fairlead?host={self.socket}"
        self._process = None
        self._drop = {}
        account = _account()
        if account.dropped:
            self._drop = {"user": account.uid, "group": account.gid, "extra_groups": []}
        for folder in (root, self.data, self.socket):
            folder.mkdir(exist_ok=True, mode=0o700)
            if self._drop:
                os.chown(folder, self._drop["user"], self._drop["group"])
        self._binaries = _binaries(root, account)
        if self._binaries is None:
            pytest.skip("there is no PostgreSQL on this machine")
        self._call("initdb", "-D", self.data, "-U", "fairlead", "-A", "trust", "-N", "-E", "UTF8")

    def start(self) -> None:
        options = ("listen_addresses=", "fsync=off", "shared_buffers=32MB", "max_connections=60")
        argv = [self._binaries / "postgres", "-D", self.data, "-k", self.socket]
        argv += [word for option in options for word in ("-c", option)]
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, cwd="/", stdout=log, stderr=log, **self._drop)
        while not self._ready():
            assert self._process.poll() is None, (self.root / "log").read_text()[-2000:]
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.send_signal(2)
        self._process.wait(30)

    def create(self) -> None:
        with psycopg.connect(self._maintenance(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE fairlead")

    def _ready(self):
        try:
            psycopg.connect(self._maintenance()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _maintenance(self):
        return self.url.replace("/fairlead?", "/postgres?")

    def _call(self, name, *words) -> None:
        argv = [self._binaries / name, *words]
        subprocess.run(argv, cwd="/", check=True, stdout=subprocess.DEVNULL, **self._drop)


@pytest.fixture(scope="session")
def postgres_binaries():
    """The folder of PostgreSQL's programs, for tests that start one of their own."""
    root = Path(tempfile.mkdtemp(prefix="fairlead-pg-", dir="/tmp"))
    root.chmod(0o755)
    if (found := _binaries(root, _account())) is None:
        pytest.skip("there is no PostgreSQL on this machine")
    yield found
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def postgres():
    """A running cluster with an empty database ``fairlead``."""
    root = Path(tempfile.mkdtemp(prefix="fairlead-pg-", dir="/tmp"))
    server = Server(root)
    server.start()
    try:
        server.create()
        yield server
    finally:
        server.stop()
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def django(postgres, tmp_path_factory):
    """Django set up for that database, all tables made; returns its URL."""
    os.environ["FAIRLEAD_DATA"] = str(tmp_path_factory.mktemp("data"))
    os.environ["FAIRLEAD_SECRET_KEY"] = "for tests"
    from fairlead.server.setup import migrate, setup

    # A unit test may have loaded it, which then knows no database.
    sys.modules.pop("fairlead.server.settings", None)
    setup(postgres.url)
    migrate()
    yield postgres.url
    _close()


@pytest.fixture
def database(django):
    """The URL of the database, its tables empty."""
    from django.db import OperationalError, connection

    with connection.cursor() as cursor:
        while True:
            try:
                _empty(cursor)
                break
            except OperationalError as error:  # a worker that lasts may be at the last test's rows
                if "deadlock" not in str(error):
                    raise
    yield django
    connection.close()


def _empty(cursor) -> None:
    """Remove all rows, and begin to count from one again.

    TRUNCATE makes new files for tables and indexes, which takes far longer than the few rows of
    most tests; but it leaves nothing of many.
    """
    cursor.execute(
        "SELECT quote_ident(relname), pg_table_size(oid) > 1 << 18 FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND (relname LIKE"
        " 'store\\_%' OR relname IN ('procrastinate_jobs', 'procrastinate_workers'))"
    )
    tables = cursor.fetchall()
    if any(large for _, large in tables):
        names = ", ".join(name for name, _ in tables)
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        return
    removed = "; ".join(f"DELETE FROM {name}" for name, _ in tables)
    # Neither triggers nor the order of references.
    cursor.execute(
        f"SET session_replication_role = replica; {removed}; RESET session_replication_role"
    )
    cursor.execute(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
        " FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        " AND (sequencename LIKE 'store\\_%' OR sequencename LIKE 'procrastinate_jobs%')"
    )


def _close() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()
