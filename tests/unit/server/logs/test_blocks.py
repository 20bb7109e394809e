from fairlead.server.logs import lines
from fairlead.server.logs.blocks import Surveyor
from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.follow import Follower
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks
from fairlead.server.logs.read import line_start
from fairlead.server.logs.style import classes


def live(*pieces):
    chunks, gatherer = MemoryChunks(), Gatherer(seconds=0)
    for piece in pieces:
        for chunk in gatherer.feed(0, piece, 0):
            append(chunks, chunk)
    return LiveLog(chunks)


def styles(*pieces):
    surveyor = Surveyor()
    return [classes(surveyor.measure(piece).style) for piece in pieces]


def test_blocks_say_where_they_begin_and_end():
    first, second, third = live(b"one\ntw", b"o", b"\nthree\n").blocks
    assert (first.offset, first.line, first.first, first.torn, first.open) == (0, 1, 1, False, True)
    assert (second.line, second.first, second.torn, second.open) == (2, 3, True, True)
    assert (third.line, third.first, third.newlines, third.end) == (2, 3, 2, 14)
    assert not third.open


def test_a_block_has_the_style_of_its_first_whole_line():
    assert styles(b"\x1b[31ma\n", b"b\n", b"c\x1b[3", b"2m\nd", b"\n\x1b[0m\n", b"e\n") == [
        "", "ansi-fg-1", "ansi-fg-1", "ansi-fg-2", "ansi-fg-2", "",
    ]  # fmt: skip


def test_only_what_follows_the_last_reset_counts():
    assert styles(b"\x1b[31ma\n\x1b[1mb\x1b[0mc\n\x1b[4md\n", b"e") == ["", "ansi-underline"]
    assert styles(b"\x1b[31ma\n\x1b[1mb\x1b[mc\x1b[9m\n", b"e") == ["", "ansi-strike"]


def test_what_is_left_out_of_a_long_line_sets_no_style(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 10)
    assert styles(b"\x1b[31ma\n123456789\x1b[0m\n", b"b") == ["", "ansi-fg-1"]
    assert styles(b"1234567890", b"\x1b[31m\nb\nc", b"\n") == ["", "", ""]
    start = line_start(live(b"\x1b[1m4567890", b"\x1b[31m\nb\nc"), 17)
    assert (start.number, start.offset, classes(start.style)) == (2, 17, "ansi-bold")


def test_a_reader_that_comes_back_finds_the_style():
    log = live(b"\x1b[31mred\n", b"one\ntwo\nopen")
    update = Follower(log, 13).poll(log)
    assert [line.html for line in update.lines] == ['<span class="ansi-fg-1">two</span>']
    assert (update.open.number, update.open.html) == (4, '<span class="ansi-fg-1">open</span>')
    assert (update.offset, update.more) == (17, False)
