"""However a log's bytes are cut, it is the same log; and any part of it is what a split gives."""

import gzip
import re
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.logs import lines as lines_module
from fairlead.server.logs.blocks import count_lines, sections, size
from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.compact import compact
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.follow import Follower
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks, MemoryStorage
from fairlead.server.logs.read import line_start, lines, read_bytes, rendered, tail
from fairlead.server.logs.render import Renderer
from fairlead.server.logs.screen import plain
from fairlead.server.logs.search import search

PARTS = [
    b"\n", b"\n", b"\r\n", b"\r", b"\b", b"word", b"Word", b" ", b"\x1b[31m", b"\x1b[1;44m",
    b"\x1b[0m", b"\x1b[38;5;200m", b"\x1b[", b"\x1b[K", b"\x1b[2K", b"\x1b]0;title\x07", b"\x1b",
    b"travis_fold:start:a\r\x1b[0K", b"::group::b", "ä€".encode(), b"\xe2\x82", b"<script>", b"&",
]  # fmt: skip
logs = st.integers(0, 30).flatmap(
    lambda least: st.lists(
        st.sampled_from(PARTS) | st.binary(max_size=4), min_size=least, max_size=least + 20
    ).map(b"".join)
)
cuts = st.tuples(st.lists(st.integers(1, 30), max_size=12), st.integers(1, 9))
longest = st.sampled_from([5, 12, 65536])
examples = settings(max_examples=40, deadline=None)


@contextmanager
def keeping(count):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "LONGEST", count)
        yield


def pieces(data, sizes):
    for size_ in sizes:
        yield data[:size_]
        data = data[size_:]
    yield data


def chunked(data, sizes=(), most=1 << 20):
    chunks, gatherer = MemoryChunks(), Gatherer(size=most, seconds=0)
    for piece in pieces(data, sizes):
        for chunk in gatherer.feed(0, piece, 0):
            append(chunks, chunk)
    return chunks


def finished(data, frame=16):
    storage = MemoryStorage()
    compact(chunked(data), storage, "log", frame=frame)
    return FinishedLog(storage, "log")


def naive(data):
    return data.removesuffix(b"\n").split(b"\n") if data else []


def whole_html(data):
    renderer = Renderer()
    shown = renderer.feed(data)
    return [*shown, *filter(None, [renderer.rest()])]


@examples
@given(logs, cuts, st.integers(1, 40), longest)
def test_any_cutting_makes_the_same_file(data, cut, frame, kept):
    storage = MemoryStorage()
    with keeping(kept):
        for name, chunks in (("a", chunked(data)), ("b", chunked(data, *cut))):
            stored = compact(chunks, storage, name, frame=frame)
            assert (stored.size, stored.lines) == (len(data), len(naive(data)))
            assert stored.packed == len(storage.files[name])
    assert storage.files["a"] == storage.files["b"]
    assert gzip.decompress(storage.files["a"]) == data


@examples
@given(logs, cuts, st.integers(1, 40), longest, st.data())
def test_any_part_is_what_a_split_gives(data, cut, frame, kept, draw):
    expected = naive(data)
    with keeping(kept):
        html = whole_html(data)
        for log in (LiveLog(chunked(data, *cut)), finished(data, frame)):
            assert (size(log), count_lines(log)) == (len(data), len(expected))
            first = draw.draw(st.integers(-1, len(expected) + 2))
            last = draw.draw(st.integers(-1, len(expected) + 2))
            wanted = slice(max(first, 1) - 1, max(last, 0))
            found = list(lines(log, first, last))
            assert [line.data for line in found] == [line[:kept] for line in expected[wanted]]
            assert [line.missing for line in found] == [
                max(0, len(line) - kept) for line in expected[wanted]
            ]
            assert list(rendered(log, first, last)) == html[wanted]
            offset = draw.draw(st.integers(0, len(data) + 1))
            assert b"".join(read_bytes(log, offset)) == data[offset:]
            assert b"".join(read_bytes(log, offset, 7)) == data[offset : offset + 7]


@examples
@given(logs, cuts, st.integers(1, 40), longest)
def test_the_tail_is_the_end_of_a_split(data, cut, count, kept):
    with keeping(kept):
        log = LiveLog(chunked(data, *cut))
        found = [(line.number, line.data) for line in tail(log, count)]
        expected = [line[:kept] for line in naive(data)]
        assert found == list(enumerate(expected, 1))[-count:]


@examples
@given(logs, cuts, longest, st.data())
def test_a_line_is_found_again_from_any_byte_of_it(data, cut, kept, draw):
    with keeping(kept):
        log = LiveLog(chunked(data, *cut))
        start = line_start(log, draw.draw(st.integers(0, len(data))))
        again = Renderer(number=start.number, style=start.style)
        shown = again.feed(data[start.offset :]) + list(filter(None, [again.rest()]))
        assert shown == whole_html(data)[start.number - 1 :]
        assert start.offset == 0 or data[start.offset - 1 : start.offset] == b"\n"


@examples
@given(logs, cuts, st.integers(1, 30), st.data())
def test_a_reader_that_comes_back_misses_and_repeats_nothing(data, cut, limit, draw):
    chunks, gatherer = MemoryChunks(), Gatherer(size=cut[1], seconds=0)
    follower, shown, update = Follower(LiveLog(chunks)), [], None
    for piece in [*pieces(data, cut[0]), b""]:
        for chunk in gatherer.feed(0, piece, 0):
            append(chunks, chunk)
        while True:
            update = follower.poll(LiveLog(chunks, since=follower.position), limit)
            shown += update.lines
            assert update.offset == data.rfind(b"\n", 0, follower.position) + 1
            if not update.more:
                break
        if draw.draw(st.booleans()):
            follower = Follower(LiveLog(chunks), update.offset)
            update = follower.poll(LiveLog(chunks, since=follower.position))
            assert not update.lines
    assert [*shown, *filter(None, [update.open])] == whole_html(data)


@examples
@given(logs, cuts, st.sampled_from(["word", "wo", "ä", "<s", "d w", "x"]),
       st.booleans(), st.tuples(st.integers(1, 3), st.integers(1, 3)))  # fmt: skip
def test_search_finds_the_lines_that_show_it(data, cut, query, fold, most):
    limit, blocks = most
    flags = re.IGNORECASE if fold else 0
    shown = [plain(line.decode("utf-8", "replace")) for line in naive(data)]
    expected = [n for n, line in enumerate(shown, 1) if re.search(query, line, flags)]
    for log in (LiveLog(chunked(data, *cut)), finished(data)):
        found, offset = [], 0
        while offset is not None:
            result = search(log, query, ignore_case=fold, offset=offset, limit=limit, blocks=blocks)
            found += [hit.line for hit in result.hits]
            assert all(re.fullmatch(query, h.text[h.begin : h.end], flags) for h in result.hits)
            assert len(result.hits) <= limit
            assert result.next is None or result.next > offset
            offset = result.next
        assert found == expected


@examples
@given(st.lists(st.tuples(st.integers(-1, 3), logs), max_size=6), st.integers(1, 20))
def test_what_a_step_wrote_is_found_again(written, most):
    chunks, gatherer = MemoryChunks(), Gatherer(size=most, seconds=1)
    for now, (step, data) in enumerate(written):
        for chunk in gatherer.feed(step, data, now / 2):
            append(chunks, chunk)
    for chunk in gatherer.finish():
        append(chunks, chunk)
    log = LiveLog(chunks)
    expected = []
    for step, data in written:
        if data and expected and expected[-1][0] == step:
            expected[-1] = (step, expected[-1][1] + data)
        elif data:
            expected.append((step, data))
    found = sections(log)
    texts = [b"".join(read_bytes(log, s.offset, s.end - s.offset)) for s in found]
    assert len(log.marks) == len(found)
    assert list(zip([s.step for s in found], texts, strict=True)) == expected
    for section in found:
        assert line_start(log, section.offset).number == section.first
        assert section.last >= section.first
    storage = MemoryStorage()
    compact(chunks, storage, "log", frame=16)
    assert sections(FinishedLog(storage, "log")) == found
