import pytest

from fairlead.server.logs.blocks import sections
from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.errors import LogGap, LogMissing, LogUnreadable
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks
from fairlead.server.logs.read import read_bytes


def ranges(chunks):
    return [(chunk.offset, chunk.size) for chunk in chunks]


def stored(chunks):
    database = MemoryChunks()
    for chunk in chunks:
        append(database, chunk)
    return database


def text(database):
    return b"".join(read_bytes(LiveLog(database)))


def test_the_first_bytes_do_not_wait_and_the_next_do():
    gatherer = Gatherer(seconds=0.5)
    assert gatherer.due is None
    assert ranges(gatherer.feed(0, b"first\n", 10.0)) == [(0, 6)]
    assert gatherer.feed(0, b"a\n", 10.1) == gatherer.feed(0, b"b\n", 10.2) == []
    assert gatherer.due == 10.5
    assert gatherer.tick(10.4) == []
    assert ranges(gatherer.tick(10.5)) == [(6, 4)]
    assert gatherer.due is None
    assert ranges(gatherer.feed(0, b"late", 11.5)) == [(10, 4)]


def test_many_chunks_get_rarer(monkeypatch):
    monkeypatch.setattr("fairlead.server.logs.gather.MANY", 2)
    gatherer = Gatherer(seconds=1)
    sealed = [now for now in range(12) if gatherer.feed(0, b".", now)]
    assert sealed == [0, 1, 3, 5, 8, 11]


def test_size_completes_a_chunk_before_its_time():
    gatherer = Gatherer(size=4, seconds=9)
    assert ranges(gatherer.feed(0, b"1", 0)) == [(0, 1)]
    assert ranges(gatherer.feed(0, b"2345678901", 0)) == [(1, 4), (5, 4)]
    assert ranges(gatherer.finish()) == [(9, 2)]
    assert gatherer.finish() == []


def test_past_the_limit_one_line_says_so():
    gatherer = Gatherer(limit=10, seconds=0)
    made = [c for n in range(5) for c in gatherer.feed(0, b"123456", n)]
    note = b"\n[log limit of 10 bytes reached: the rest is left out]\n"
    assert text(stored(made)) == b"1234561234" + note


def test_a_log_that_fits_its_limit_says_nothing():
    assert text(stored(Gatherer(limit=4).feed(0, b"1234", 0))) == b"1234"


def test_a_repeated_chunk_changes_nothing():
    gatherer = Gatherer(size=3, seconds=0)
    chunks = gatherer.feed(0, b"abcdef", 0)
    database = stored([*chunks, *chunks, chunks[0]])
    assert text(database) == b"abcdef"
    assert len(database.chunks) == 2


def test_a_gap_is_noticed_when_writing():
    chunks = Gatherer(size=3, seconds=0).feed(0, b"abcdefghi", 0)
    database = stored(chunks[:1])
    with pytest.raises(LogGap, match="begins at byte 6, but what is stored ends at 3"):
        append(database, chunks[2])
    assert text(database) == b"abc"


def test_an_overlap_is_noticed_when_writing():
    database = stored(Gatherer(size=4, seconds=0).feed(0, b"abcd", 0))
    other = Gatherer(size=3, seconds=0).feed(0, b"abcdef", 0)
    with pytest.raises(LogGap):
        append(database, other[1])
    assert text(database) == b"abcd"


@pytest.mark.parametrize("lost", [0, 3])
def test_a_gap_is_noticed_when_reading(lost):
    database = stored(Gatherer(size=3, seconds=0).feed(0, b"abcdefghi", 0))
    del database.chunks[lost]
    with pytest.raises(LogGap, match=f"bytes {lost} to {lost + 3}"):
        LiveLog(database)


def test_reading_on_needs_only_what_follows():
    database = stored(Gatherer(size=3, seconds=0).feed(0, b"abcdefghi", 0))
    log = LiveLog(database, since=4)
    assert [block.offset for block in log.blocks] == [3, 6]
    assert b"".join(read_bytes(log, 4)) == b"efghi"
    assert LiveLog(database, since=9).blocks == ()
    del database.chunks[3]
    with pytest.raises(LogGap):
        LiveLog(database, since=4)


def test_steps_are_marked_at_their_first_byte():
    gatherer = Gatherer(seconds=0)
    made = [
        chunk
        for step, data in [(0, b"a\nb\n"), (0, b"c\n"), (-1, b"note\n"), (2, b"d")]
        for chunk in gatherer.feed(step, data, 0)
    ]
    found = [(s.step, s.first, s.last, s.offset, s.end) for s in sections(LiveLog(stored(made)))]
    assert found == [(0, 1, 3, 0, 6), (-1, 4, 4, 6, 11), (2, 5, 5, 11, 12)]


def test_chunks_that_went_away_and_damaged_ones():
    database = stored(Gatherer(seconds=0).feed(0, b"text\n" * 9, 0))
    log = LiveLog(database)
    (chunk,) = database.chunks.values()
    for data in (chunk.data[:-4], chunk.data[:-1] + b"x", b"", b"no zlib"):
        database.chunks[0] = type(chunk)(offset=0, size=45, head=chunk.head, data=data)
        with pytest.raises(LogUnreadable):
            log.read(0)
    database.chunks[0] = type(chunk)(offset=0, size=45, head=b"{}", data=b"")
    with pytest.raises(LogUnreadable):
        LiveLog(database)
    database.chunks.clear()
    with pytest.raises(LogMissing):
        log.read(0)
