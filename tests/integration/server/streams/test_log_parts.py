"""What pages show of a log at first, its parts, and its raw bytes."""

import asyncio

import httpx
import pytest

from fairlead.server.logs.chunks import LiveLog, append
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks


def log_of(*written):
    """A log of (step, bytes)."""
    chunks, gatherer = MemoryChunks(), Gatherer(seconds=0)
    for step, data in written:
        for chunk in gatherer.feed(step, data, 0.0):
            append(chunks, chunk)
    return LiveLog(chunks)


def lines(first, last):
    return b"".join(b"line %d\n" % n for n in range(first, last + 1))


def steps(*states):
    from fairlead.server.store.models import Step

    return [Step(number=n, name=f"step {n}", state=state) for n, state in enumerate(states)]


@pytest.fixture
def look(django):
    from fairlead.server.web.loglines import look_at

    return look_at


def ranges(view):
    return [
        (part.number, part.first, part.last, part.shown and (part.shown.first, part.shown.last))
        for part in view.parts
    ]


def test_a_short_log_is_shown_whole(look):
    log = log_of((0, lines(1, 3)), (1, lines(4, 6)))
    view = look(log, steps("passed", "passed"))
    assert ranges(view) == [(0, 1, 3, (1, 3)), (1, 4, 6, (4, 6))]
    assert [part.open for part in view.parts] == [False, True]


def test_of_a_long_log_the_end_is_shown_and_what_failed(look):
    log = log_of((0, lines(1, 1000)), (1, lines(1001, 2000)), (2, lines(2001, 3000)))
    view = look(log, steps("passed", "failed", "passed"))
    assert ranges(view) == [
        (0, 1, 1000, None),
        (1, 1001, 2000, (1901, 2000)),
        (2, 2001, 3000, (2801, 3000)),
    ]
    assert [part.open for part in view.parts] == [False, True, False]
    assert view.parts[1].earlier == (1401, 1900)
    assert view.parts[1].later is None


def test_long_lines_do_not_make_a_page_large(look):
    log = log_of((0, (b"x" * 5000 + b"\n") * 1000))
    view = look(log, steps("failed"))
    assert len(view.parts[0].shown.html) < 50_000
    assert view.parts[0].shown.last == 1000


def test_one_line_is_shown_however_long(look):
    view = look(log_of((0, b"x" * 100_000)), steps("passed"))
    assert (view.parts[0].shown.first, view.parts[0].shown.last) == (1, 1)


def test_lines_that_are_asked_for_are_shown_instead(look):
    log = log_of((0, lines(1, 5000)))
    assert ranges(look(log, steps("passed"), (100, 300))) == [(0, 1, 5000, (100, 300))]
    assert ranges(look(log, steps("passed"), (4990, 9000)))[0][3] == (4990, 5000)
    assert ranges(look(log, steps("passed"), (9000, 10)))[0][3] is None
    assert ranges(look(log, steps("passed"), (0, 10**9)))[0][3] == (1, 1000)


def test_a_step_that_wrote_nothing_has_its_place(look):
    log = log_of((0, b"a\n"), (2, b"b\n"))
    view = look(log, steps("passed", "passed", "passed", "running"))
    assert [part.number for part in view.parts] == [0, 1, 2, 3]
    assert [part.count for part in view.parts] == [1, 0, 1, 0]


def test_of_a_live_log_the_line_without_an_end_is_left_to_the_stream(look):
    log = log_of((0, b"one\ntwo\nthr"))
    view = look(log, steps("running"), live=True)
    assert (view.lines, view.offset, view.size) == (2, 8, 11)
    assert ranges(view)[0][3] == (1, 2)
    assert look(log_of((0, b"thr")), steps("running"), live=True).offset == 0
    assert look(log, steps("passed")).lines == 3


def test_an_empty_log_is_no_trouble(look):
    view = look(log_of(), steps("running"), live=True)
    assert (view.lines, view.offset) == (0, 0)
    assert [part.shown for part in view.parts] == [None]


@pytest.mark.parametrize("finished", [False, True])
def test_raw_bytes_and_parts_of_them(site, writing, finished):
    writing.write(lines(1, 20000) + b"\xff\x00<script>")
    if finished:
        writing.end()
        writing.compact()
    address = site.address + writing.path
    whole = bytes(writing.data)
    answer = httpx.get(address + "raw", timeout=60)
    assert answer.content == whole
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    part = httpx.get(address + "raw", headers={"Range": "bytes=150000-150009"}, timeout=60)
    assert (part.status_code, part.content) == (206, whole[150000:150010])
    assert part.headers["content-range"] == f"bytes 150000-150009/{len(whole)}"
    assert (
        httpx.get(address + "raw", headers={"Range": "bytes=-9"}, timeout=60).content == whole[-9:]
    )
    beyond = httpx.get(address + "raw", headers={"Range": f"bytes={len(whole)}-"}, timeout=60)
    assert beyond.status_code == 416
    saved = httpx.get(address + "download", timeout=60)
    assert saved.content == whole
    assert saved.headers["content-disposition"] == 'attachment; filename="demo-1-1.log"'
    assert httpx.head(address + "raw").status_code == 200


def test_what_is_not_there_is_not_found(site, writing):
    address = site.address + writing.path
    for path in ("../2/raw", "?attempt=7", "raw?attempt=x", "../../99/1/", "search"):
        assert httpx.get(address + path, follow_redirects=True, timeout=60).status_code in (
            400,
            404,
        ), path
    assert httpx.get(f"{address}lines?first=-3&last=x", timeout=60).status_code == 200


def test_who_may_not_read_is_sent_to_sign_in(database, writing):
    from django.test import Client

    for path in ("", "raw", "lines", "search?q=a", "download"):
        answer = Client().get(writing.path + path, headers={"host": "localhost"})
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/sign-in/")


def test_no_more_streams_than_a_process_can_bear(database, writing):
    from fairlead.server.streams.serving import Streams

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.disconnect"}

    async def ask():
        streams = Streams(database, dict, most=0)
        path, query = writing.stream().split("?")
        scope = {"path": path, "method": "GET", "query_string": query.encode(), "headers": []}
        await streams.answer(scope, receive, send)
        await streams.close()

    asyncio.run(ask())
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"5") in sent[0]["headers"]
