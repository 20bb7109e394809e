import gzip
import random
import struct

import pytest

from fairlead.server.logs import container
from fairlead.server.logs.blocks import count_lines, size
from fairlead.server.logs.chunks import append
from fairlead.server.logs.compact import compact
from fairlead.server.logs.errors import LogMissing, LogUnreadable
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks, MemoryStorage
from fairlead.server.logs.read import lines, read_bytes, rendered, tail
from fairlead.server.logs.search import search

LINES = [f"line {number} {'x' * (number % 50)}" for number in range(1, 20_001)]
TEXT = "".join(f"{line}\n" for line in LINES).encode()


def chunked(data):
    chunks, gatherer = MemoryChunks(), Gatherer(size=100_000, seconds=0)
    for chunk in gatherer.feed(0, data, 0):
        append(chunks, chunk)
    return chunks


def made(data, frame=8192):
    storage = MemoryStorage()
    stored = compact(chunked(data), storage, "log", frame=frame)
    return storage, stored


@pytest.fixture(scope="module")
def storage():
    return made(TEXT)[0]


def frames_read(storage, log, action):
    """How many frames ``action`` reads."""
    asked = []
    read = log.read
    log.read = lambda index: asked.append(index) or read(index)
    action()
    return len(set(asked))


def test_the_file_is_a_gzip_file_and_the_chunks_are_gone():
    chunks, storage = chunked(TEXT), MemoryStorage()
    stored = compact(chunks, storage, "log")
    assert gzip.decompress(storage.files["log"]) == TEXT
    assert chunks.stored == stored
    assert not chunks.chunks
    assert (stored.size, stored.lines) == (len(TEXT), len(LINES))
    assert stored.packed == len(storage.files["log"]) < len(TEXT) / 3


def test_compacting_again_changes_nothing():
    chunks, storage = chunked(TEXT), MemoryStorage()
    stored = compact(chunks, storage, "log")
    before = dict(storage.files)
    assert compact(chunks, storage, "log") == stored
    assert storage.files == before


@pytest.mark.parametrize("after", ["heads", "read"])
def test_another_process_may_be_faster(monkeypatch, after):
    chunks, storage = chunked(TEXT), MemoryStorage()
    real = getattr(chunks, after)

    def slow(*given):
        result = real(*given)
        monkeypatch.setattr(chunks, after, real)
        compact(chunks, storage, "log")
        return result

    monkeypatch.setattr(chunks, after, slow)
    assert compact(chunks, storage, "log") == chunks.stored
    assert b"".join(read_bytes(FinishedLog(storage, "log"))) == TEXT


def test_chunks_without_a_file_that_went_away_are_an_error():
    chunks, storage = chunked(TEXT), MemoryStorage()
    real = chunks.read
    chunks.read = lambda offset: (real(offset), chunks.chunks.clear())[0]
    with pytest.raises(LogMissing):
        compact(chunks, storage, "log")
    assert storage.files == {}


def test_chunks_that_are_lost_meanwhile_are_an_error():
    chunks = chunked(TEXT)
    heads = chunks.heads()
    chunks.chunks.clear()
    chunks.heads = lambda *_: heads
    storage = MemoryStorage()
    with pytest.raises(LogMissing):
        compact(chunks, storage, "log")
    assert storage.files == {}


def test_an_empty_log():
    storage, stored = made(b"")
    assert gzip.decompress(storage.files["log"]) == b""
    log = FinishedLog(storage, "log")
    assert (size(log), count_lines(log), stored.lines) == (0, 0, 0)
    assert list(lines(log, 1, 9)) == list(tail(log, 9)) == list(read_bytes(log)) == []
    assert search(log, "x").next is None


def test_only_the_frames_needed_are_read(storage):
    log = FinishedLog(storage, "log")
    assert len(log.blocks) > 50
    shown = []
    assert frames_read(storage, log, lambda: shown.extend(lines(log, 9000, 9005))) <= 2
    assert [line.data.decode() for line in shown] == LINES[8999:9005]
    assert frames_read(storage, log, lambda: list(rendered(log, 15_000, 15_010))) <= 2
    assert frames_read(storage, log, lambda: list(tail(log, 20))) <= 2
    assert frames_read(storage, log, lambda: b"".join(read_bytes(log, 500_000, 100))) <= 2
    assert frames_read(storage, log, lambda: list(lines(log, 30_000, 30_010))) == 0


def test_opening_and_a_tail_are_three_small_reads(storage):
    storage.reads.clear()
    log = FinishedLog(storage, "log")
    list(tail(log, 5))
    assert len(storage.reads) <= 3
    assert sum(count for _, count in storage.reads) < 100_000


def test_reading_everything_asks_seldom(storage):
    log = FinishedLog(storage, "log")
    storage.reads.clear()
    assert b"".join(read_bytes(log)) == TEXT
    assert len(storage.reads) <= 3


def test_the_style_comes_with_the_frame():
    coloured = b"\x1b[1;31mstart\n" + TEXT
    log = FinishedLog(made(coloured)[0], "log")
    (line,) = rendered(log, 10_001, 10_001)
    assert line.html == f'<span class="ansi-bold ansi-fg-1">{LINES[9999]}</span>'


def test_the_style_comes_from_the_lines_above_in_the_frame():
    log = FinishedLog(made(b"plain\n\x1b[31mred\nstill\n")[0], "log")
    assert [line.html for line in rendered(log, 3, 3)] == ['<span class="ansi-fg-1">still</span>']


def test_one_frame_in_the_middle_is_one_read_of_its_size(storage):
    log = FinishedLog(storage, "log")
    storage.reads.clear()
    list(lines(log, 10_000, 10_000))
    ((_, count),) = storage.reads
    assert count < 8192


def test_a_giant_line_is_passed_over():
    giant = b"first\n" + b"y" * 900_000 + b"z\nlast\n"
    storage, stored = made(giant)
    assert stored.lines == 3
    log = FinishedLog(storage, "log")
    shown = []
    # The 64 KiB that are kept, and the frames in which it begins and ends.
    assert frames_read(storage, log, lambda: shown.extend(lines(log, 2, 3))) <= 11
    assert [len(line.data) + line.missing for line in shown] == [900_001, 4]
    assert search(log, "yz").hits[0].line == 2


def test_a_giant_line_is_searched_to_its_end():
    giant = b"a\n" + b"y" * 3_000_000 + b"needle" + b"y" * 100_000 + b"\nneedle\n"
    log = FinishedLog(made(giant, frame=300_000)[0], "log")
    found = search(log, "needle")
    assert [(hit.line, hit.text[hit.begin : hit.end]) for hit in found.hits] == [
        (2, "needle"),
        (3, "needle"),
    ]


def test_an_index_above_64_kib_goes_into_several_members(monkeypatch):
    monkeypatch.setattr(container, "_PIECE", 100)
    noise = random.Random(0)
    data = b"".join(b"z" * noise.randrange(300) + b"\n" for _ in range(500))
    storage, _ = made(data, frame=300)
    assert gzip.decompress(storage.files["log"]) == data
    assert b"".join(read_bytes(FinishedLog(storage, "log"))) == data


def test_a_long_index_is_read_whole(monkeypatch):
    monkeypatch.setattr("fairlead.server.logs.finished._END", 64)
    log = FinishedLog(made(TEXT)[0], "log")
    assert [line.data.decode() for line in tail(log, 2)] == LINES[-2:]


def test_a_missing_file_is_said():
    with pytest.raises(LogMissing, match="no stored file gone"):
        FinishedLog(MemoryStorage(), "gone")


def test_damage_is_said_and_never_shown(storage):
    good = storage.files["log"]
    foot, begin = len(good) - container.FOOT, container.find_index(good[-container.FOOT :])
    wrong_size = bytearray(good)
    struct.pack_into("<Q", wrong_size, len(good) - 18 - 0, 5)
    for data in (
        b"", b"x", b"x" * 500, good[:-1], good[1:], good[:begin] + good[foot:],
        bytes(wrong_size), good[: begin + 30] + b"\xff" * 9 + good[begin + 39 :],
        gzip.compress(TEXT),
    ):  # fmt: skip
        storage.files["bad"] = data
        with pytest.raises(LogUnreadable):
            FinishedLog(storage, "bad")


def test_an_index_of_other_frames_is_refused(storage):
    good = storage.files["log"]
    begin = container.find_index(good[-container.FOOT :])
    length = len(good) - container.FOOT - begin - container._AROUND
    foot = container._member(container._FOOT.pack(b"FLOG", 1, begin - 9, length))
    storage.files["bad"] = good[9 : -container.FOOT] + foot
    with pytest.raises(LogUnreadable, match="does not fit"):
        FinishedLog(storage, "bad")


def test_a_damaged_frame_is_said(storage):
    good = storage.files["log"]
    storage.files["bad"] = good[:100] + bytes([good[100] ^ 255]) + good[101:]
    log = FinishedLog(storage, "bad")
    with pytest.raises(LogUnreadable):
        list(lines(log, 1, 1))
    assert [line.data.decode() for line in tail(log, 1)] == LINES[-1:]


def test_a_frame_that_unpacks_to_more_is_refused():
    bomb = gzip.compress(bytes(10_000_000))
    with pytest.raises(LogUnreadable):
        container.read_frame(bomb, container.Frame(len(bomb), 100, 0))


def test_the_index_of_a_file_may_not_grow_without_bounds(monkeypatch, storage):
    monkeypatch.setattr(container, "_LARGEST", 100)
    with pytest.raises(LogUnreadable):
        FinishedLog(storage, "log")


def test_compaction_keeps_the_chunks_when_storage_fails():
    class Full(MemoryStorage):
        def write(self, name, pieces):
            list(pieces)
            raise OSError

    chunks = chunked(TEXT)
    with pytest.raises(OSError):
        compact(chunks, Full(), "log")
    assert chunks.chunks
    assert chunks.stored is None


def test_memory_is_bounded_by_a_chunk_and_a_frame():
    held = []

    class Counting(MemoryStorage):
        def write(self, name, pieces):
            return sum(held.append(len(piece)) or len(piece) for piece in pieces)

    noise = random.Random(0)
    chunks, gatherer = MemoryChunks(), Gatherer(size=4096, seconds=0)
    for chunk in gatherer.feed(0, noise.randbytes(100_000), 0):
        append(chunks, chunk)
    compact(chunks, Counting(), "log", frame=1024)
    assert len(held) > 98
    assert max(held[:-1]) < 1200
