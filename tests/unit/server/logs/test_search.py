import pytest

from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.errors import SearchRefused
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks
from fairlead.server.logs.search import search


def log_of(data, size=64):
    chunks, gatherer = MemoryChunks(), Gatherer(size=size, seconds=0)
    for chunk in gatherer.feed(0, data, 0):
        append(chunks, chunk)
    return LiveLog(chunks)


def numbers(found):
    return [hit.line for hit in found.hits]


def test_a_line_is_found_once_with_its_first_place():
    (hit,) = search(log_of(b"one\ntwo two\nthree\n"), "two").hits
    assert (hit.line, hit.text, hit.begin, hit.end) == (2, "two two", 0, 3)


def test_case_counts_unless_it_is_ignored():
    log = log_of("Error\nERROR\nerror\nÄrger\nÄRGER\n".encode())
    assert numbers(search(log, "error")) == [3]
    assert numbers(search(log, "error", ignore_case=True)) == [1, 2, 3]
    assert numbers(search(log, "ärger", ignore_case=True)) == [4, 5]


def test_a_query_is_literal():
    assert numbers(search(log_of(b"a.b\naxb\n(\n"), "a.b")) == [1]
    assert numbers(search(log_of(b"a.b\naxb\n(\n"), "(")) == [3]


def test_what_is_shown_is_searched():
    log = log_of(b"\x1b[31mFAI\x1b[1mLED\x1b[0m\nwrong\rFAILED\nFAILED\r\x1b[Kpassed\n")
    assert numbers(search(log, "FAILED")) == [1, 2]
    assert numbers(search(log, "[31m")) == []


def test_a_word_cut_by_a_chunk_is_found():
    assert numbers(search(log_of(b"abcdefgh\nneedle\n", size=4), "needle")) == [2]


def test_a_limit_says_where_to_go_on():
    log = log_of(b"hit\n" * 10)
    found = search(log, "hit", limit=4)
    assert (numbers(found), found.next) == ([1, 2, 3, 4], 16)
    found = search(log, "hit", limit=6, offset=found.next)
    assert (numbers(found), found.next) == ([5, 6, 7, 8, 9, 10], None)


def test_so_many_blocks_and_no_more_are_read():
    log = log_of(b"0123456\n" * 100, size=80)
    found = search(log, "nowhere", blocks=3)
    assert (found.hits, found.next, found.searched) == ((), 240, 3)
    assert search(log, "nowhere", blocks=100).searched == 10


def test_a_line_longer_than_the_blocks_does_not_stand_still():
    log = log_of(b"x" * 500 + b"end\n" + b"y" * 20 + b"\nend\n", size=10)
    found = search(log, "end", blocks=1)
    assert (numbers(found), found.next) == ([1], 504)
    assert numbers(search(log, "end", blocks=9, offset=504)) == [3]


@pytest.mark.parametrize("at", range(40))
def test_nothing_is_missed_between_the_parts_of_a_long_line(monkeypatch, at):
    monkeypatch.setattr("fairlead.server.logs.search._WINDOW", 20)
    log = log_of(b"a\n" + b"x" * at + b"needle" + b"x" * 40 + b"\n", size=7)
    assert numbers(search(log, "needle")) == [2]
    found, offset = set(), 0
    while offset is not None:
        result = search(log, "needle", blocks=1, offset=offset)
        found.update(numbers(result))
        offset = result.next
    assert found == {2}


def test_a_hit_comes_with_some_text_around_it():
    (hit,) = search(log_of(b"x" * 5000 + b"needle" + b"y" * 5000), "needle").hits
    assert len(hit.text) == 206
    assert hit.text[hit.begin : hit.end] == "needle"


@pytest.mark.parametrize("query", ["", "a\nb", "a\r", "x" * 201])
def test_what_cannot_be_searched_for(query):
    with pytest.raises(SearchRefused, match="cannot be searched"):
        search(log_of(b"a"), query)
