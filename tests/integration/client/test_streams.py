"""Streams and logs through everything that breaks off, byte for byte."""

import random
import threading
import time

import pytest

from fairlead.client.errors import ServerUnintelligible, ServerUnreachable
from fairlead.client.following import follow_build
from fairlead.client.logs import LogReader
from fairlead.client.stream import LOOK, Stream, looking
from fairlead.client.values import Build

BUILD = Build(id=77, project="shop", number=3, state="running")


def test_a_stream_that_breaks_off_is_taken_up_where_it_was(server, connection):
    seen = []

    def script(request):
        seen.append(request.headers.get("Last-Event-ID"))
        first = int(seen[-1] or 0)
        yield b"retry: 10\n\n"
        for number in range(first + 1, first + 3):
            yield f"event: lines\nid: {number}\ndata: {number}\n\n".encode()
        yield b"event: lines\nid: 99\ndata: torn"

    server.stream("/stream/x", script)
    stream = Stream(connection, lambda: "/stream/x?token=t")
    events = stream.events()
    found = [next(events) for _ in range(8)]
    events.close()
    assert [event.data for event in found if event.event == "lines"] == list(
        "12345"[: len(seen) * 2]
    )
    assert [event.event for event in found[:4]] == [LOOK, "lines", "lines", LOOK]
    assert seen[:2] == [None, "2"]


def test_a_token_that_is_too_old_is_made_anew(server, connection):
    addresses = iter(["/stream/old", "/stream/new"])
    server.routes["/stream/old"] = lambda request: server.problem(request, 403, "too old")
    server.stream("/stream/new", lambda _: [b"event: end\ndata: {}\n\n"])
    events = Stream(connection, lambda: next(addresses)).events()
    assert [next(events).event for _ in range(3)] == [LOOK, LOOK, "end"]
    events.close()


def test_silence_does_not_keep_anybody_from_looking(server, connection):
    quiet = threading.Event()

    def script(_request):
        yield b": nothing yet\n\n"
        quiet.wait(60)

    server.stream("/stream/x", script)
    stream = Stream(connection, lambda: "/stream/x")
    with looking(stream, 0.05) as events:
        assert {next(events).event for _ in range(3)} == {LOOK}
        assert "stream" in {thread.name for thread in threading.enumerate()}
    # Leaving did not wait for a server that says nothing.
    assert "stream" not in {thread.name for thread in threading.enumerate()}
    assert not quiet.is_set()
    quiet.set()


def test_what_goes_wrong_aside_is_raised_where_somebody_listens(connection):
    def address():
        raise ServerUnreachable("gone")

    with looking(Stream(connection, address), 5.0) as events, pytest.raises(ServerUnreachable):
        next(events)


class Log:
    """A job's log that grows, and a server that cuts, restarts and forgets what a range is."""

    def __init__(self, server, shapes, *, seed):
        self.server, self.shapes = server, shapes
        self.random = random.Random(seed)
        self.data = b""
        self.over = False
        self.cuts = 0
        server.routes[f"{shapes.path}/jobs/1/log"] = self.log
        server.json(f"{shapes.path}/jobs/1", lambda _: shapes.job(state=self.state))
        server.json(f"{shapes.path}/jobs/1/stream", {"url": "/stream/log/5?token=x"})
        server.stream("/stream/log/5", self.stream)

    @property
    def state(self):
        return "passed" if self.over else "running"

    def log(self, request):
        header = request.headers.get("Range", "bytes=0-")
        first, whole = int(header[6:-1]), self.data
        if first and first >= len(whole):
            self.server.problem(request, 416, "no such bytes")
            return
        ranged = "Range" in request.headers and self.random.random() < 0.8
        body = whole[first:] if ranged else whole
        handler = request.handler
        handler.send_response(206 if ranged else 200)
        handler.send_header("Content-Length", str(len(body)))
        if ranged:
            handler.send_header("Content-Range", f"bytes {first}-{len(whole) - 1}/{len(whole)}")
        handler.end_headers()
        if self.random.random() < 0.5:
            self.cuts += 1
            handler.wfile.write(body[: self.random.randrange(len(body) + 1) // 2])
            self.server.cut(request)
        else:
            handler.wfile.write(body)

    def stream(self, request):
        yield b"retry: 50\n\n"
        told = int(request.headers.get("Last-Event-ID") or 0)
        for _ in range(self.random.randrange(1, 6)):
            now, over = len(self.data), self.over
            if now > told:
                yield f"event: lines\nid: {now}\ndata: <b>html</b>\n\n".encode()
                told = now
            if over:
                yield b"event: end\ndata: {}\n\n"
                return
            time.sleep(0.01)


@pytest.mark.parametrize("seed", range(6))
def test_a_log_is_followed_without_losing_or_doubling_a_byte(server, api, shapes, seed):
    log = Log(server, shapes, seed=seed)
    whole = random.Random(seed).randbytes(60_000)

    def grow():
        for begin in range(0, len(whole), 5000):
            log.data = whole[: begin + 5000]
            time.sleep(0.03)
        log.over = True

    writer = threading.Thread(target=grow)
    writer.start()
    found = b"".join(LogReader(api, BUILD, 1, 1).follow())
    writer.join()
    assert found == whole


def test_a_log_is_followed_through_a_restart(server, api, shapes):
    log = Log(server, shapes, seed=1)
    log.data = b"before\n"
    pieces = LogReader(api, BUILD, 1, 1).follow()
    found = next(pieces)
    while found != b"before\n":
        found += next(pieces)
    server.stop()
    log.data, log.over = b"before\nafter\n", True
    again = server.restart_after(0.5)
    assert found + b"".join(pieces) == b"before\nafter\n"
    again.join()


def test_a_range_that_begins_elsewhere_is_noticed(server, api, shapes):
    server.routes[f"{shapes.path}/jobs/1/log"] = lambda request: server.send(
        request, b"x", status=206, Content_Range="bytes 0-0/9"
    )
    with pytest.raises(ServerUnintelligible, match="from byte 5"):
        list(LogReader(api, BUILD, 1, 1, offset=5).rest())


def test_a_build_is_followed_to_its_verdict(server, api, shapes):
    states = iter(["queued", "running", "running", "failed"])
    server.json(shapes.path, lambda _: shapes.build(next(states)))
    server.json(f"{shapes.path}/stream", {"url": "/stream/build/77?token=x"})

    def script(_request):
        for _ in range(5):
            yield b"event: changed\ndata: {}\n\n"

    server.stream("/stream/build/77", script)
    assert [build.state for build in follow_build(api, BUILD)][-1] == "failed"
    assert next(states, None) is None
