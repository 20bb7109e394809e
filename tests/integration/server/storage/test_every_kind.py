"""What the Protocol promises, of every storage there is."""

import pytest

from fairlead.errors import StoreError
from fairlead.server.logs.compact import compact
from fairlead.server.logs.errors import LogGap, LogMissing
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks
from fairlead.server.logs.storage import FolderStorage

LARGE = 20 << 20


@pytest.fixture(params=["folder", "bucket", "http"])
def storage(request, tmp_path):
    if request.param == "bucket":
        return request.getfixturevalue("bucket")
    if request.param == "http":
        request.getfixturevalue("node").start()
        return request.getfixturevalue("remote")
    return FolderStorage(tmp_path)


def test_a_file_is_written_read_replaced_and_removed(storage):
    assert storage.write("logs/b/log", [b"one ", b"", b"two"]) == 7
    assert (storage.size("logs/b/log"), storage.read("logs/b/log", 2, 3)) == (7, b"e t")
    assert storage.read("logs/b/log", 5, 100) == b"wo"
    assert storage.read("logs/b/log", 7, 5) == b""
    assert storage.read("logs/b/log", 0, 0) == b""
    storage.write("logs/b/log", [b"new"])
    assert storage.read("logs/b/log", 0, 9) == b"new"
    storage.remove("logs/b/log")
    storage.remove("logs/b/log")
    for action in (storage.size, lambda name: storage.read(name, 0, 1)):
        with pytest.raises(LogMissing, match="no stored file logs/b/log"):
            action("logs/b/log")
    with pytest.raises(LogMissing):
        storage.read("logs/b/log", 0, 0)


def test_an_empty_file(storage):
    assert storage.write("empty", []) == 0
    assert storage.size("empty") == 0
    assert storage.read("empty", 0, 10) == b""


def test_a_file_of_many_parts(storage):
    pieces = [bytes([number]) * (1 << 20) for number in range(LARGE >> 20)] + [b"end"]
    assert storage.write("large", iter(pieces)) == LARGE + 3
    assert storage.size("large") == LARGE + 3
    assert storage.read("large", LARGE - 1, 10) == b"\x13end"
    assert storage.read("large", (5 << 20) - 2, 4) == b"\4\4\5\5"


@pytest.mark.parametrize("size", [10, LARGE])
def test_pieces_that_fail_leave_what_was_there(storage, size):
    def broken():
        yield bytes(size)
        raise LogGap("in the middle")

    storage.write("log", [b"old"])
    with pytest.raises(LogGap, match="in the middle"):
        storage.write("log", broken())
    assert storage.read("log", 0, 9) == b"old"
    with pytest.raises(LogGap):
        storage.write("new", broken())
    with pytest.raises(LogMissing):
        storage.size("new")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\0b", "."])
def test_names_stay_inside(storage, name):
    for action in (
        lambda: storage.write(name, [b""]),
        lambda: storage.read(name, 0, 1),
        lambda: storage.size(name),
        lambda: storage.remove(name),
    ):
        with pytest.raises(StoreError, match="not a name"):
            action()


def test_it_is_fit_for_use(storage):
    storage.check()


def test_a_log_is_compacted_into_it_and_read_from_it(storage):
    chunks, gatherer = MemoryChunks(), Gatherer(seconds=0.0)
    for number in range(2000):
        for chunk in gatherer.feed(0, b"line %d\n" % number, 0.0):
            chunks.add(chunk)
    for chunk in gatherer.finish():
        chunks.add(chunk)
    stored = compact(chunks, storage, "logs/0/1.gz", frame=1000)
    log = FinishedLog(storage, "logs/0/1.gz")
    whole = b"".join(log.read(index) for index in range(len(log.blocks)))
    assert whole == b"".join(b"line %d\n" % number for number in range(2000))
    assert (stored.size, stored.packed) == (len(whole), storage.size("logs/0/1.gz"))
