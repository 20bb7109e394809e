import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.read import read_bytes
from fairlead.server.logs.storage import FolderStorage

PROGRAM = Path(__file__).with_name("compacting.py")
TEXT = b"".join(b"line %d\n" % number for number in range(2000))
NAME = "1/2.log.gz"

spec = importlib.util.spec_from_file_location("compacting", PROGRAM)
compacting = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compacting)


@pytest.fixture
def database(tmp_path):
    database = compacting.Database(tmp_path / "db")
    gatherer = Gatherer(size=1500, seconds=0)
    for chunk in gatherer.feed(0, TEXT, 0):
        append(database, chunk)
    yield database
    database.connection.close()


def run(folder, point=""):
    command = [sys.executable, str(PROGRAM), str(folder), point]
    return subprocess.run(command, check=False, timeout=60, capture_output=True)


def text(log):
    return b"".join(read_bytes(log))


@pytest.mark.parametrize(
    ("point", "moved"),
    [
        ("piece 0", False),
        ("piece 3", False),
        ("last piece", False),
        ("before fsync", False),
        ("after fsync", False),
        ("before replace", False),
        ("after replace", False),
        ("settling", False),
        ("settled", True),
    ],
)
def test_killed_anywhere_it_leaves_chunks_or_a_whole_file(tmp_path, database, point, moved):
    killed = run(tmp_path, point)
    assert killed.returncode == -9, killed.stderr.decode()
    storage = FolderStorage(tmp_path / "logs")
    assert bool(database.settled()) == moved
    assert text(FinishedLog(storage, NAME) if moved else LiveLog(database)) == TEXT
    if (tmp_path / "logs" / NAME).exists():  # a name never stands for half a file
        assert text(FinishedLog(storage, NAME)) == TEXT
    if not moved:
        again = run(tmp_path)
        assert again.returncode == 0, again.stderr.decode()
    assert database.settled().size == len(TEXT)
    assert not database.heads()
    assert text(FinishedLog(storage, NAME)) == TEXT
    storage.sweep(before=time.time() + 60)
    assert [path.name for path in (tmp_path / "logs").rglob("*.*")] == ["2.log.gz"]
