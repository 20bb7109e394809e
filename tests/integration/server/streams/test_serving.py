"""Who may read streams, how many there may be, and readers that are slow, gone or rude."""

import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg


def path_of(kind, number=0):
    from fairlead.server.streams.tokens import stream_path

    return stream_path(kind, number)


def memory(web):
    """Resident bytes of the web process."""
    with open(f"/proc/{web.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ask_and_never_read(web, path):
    """A connection whose buffers are small and that takes nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", web.port))
    made.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return made


def test_a_stream_needs_its_own_token(web, writing):
    other = path_of("log", writing.attempt.pk + 1).split("token=")[1]
    place = f"{web.address}/stream/log/{writing.attempt.pk}"
    assert httpx.get(place, timeout=60).status_code == 403
    assert httpx.get(f"{place}?token={other}", timeout=60).status_code == 403
    assert (
        httpx.get(
            f"{place}?token={path_of('build', writing.attempt.pk).split('token=')[1]}", timeout=60
        ).status_code
        == 403
    )
    assert httpx.get(f"{web.address}/stream/other/1?token={other}", timeout=60).status_code == 404
    assert httpx.post(web.address + writing.stream()).status_code == 404


def test_headers_keep_proxies_from_holding_events_back(web, writing):
    with httpx.stream("GET", web.address + writing.stream()) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["content-encoding"] == "identity"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["cache-control"] == "no-store"
        assert next(response.iter_lines()).startswith("retry:")


def test_odd_offsets_harm_nobody(web, writing, reader):
    writing.write(b"one\ntwo\nthree\n")
    writing.end()
    for offset in ("-5", "x", "1" * 30, "%00", "5", "99999999"):
        watched = reader(writing.stream() + f"&offset={offset}")
        watched.read()
        assert watched.ended["attempt_state"] == "passed"


def test_a_build_tells_how_it_stands_until_its_verdict(web, writing, reader):
    watched = reader(path_of("build", writing.build.pk))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while not watched.told:
            time.sleep(0.01)
        writing.end("failed")
        reading.result(30)
    first = json.loads(watched.told[0][1])
    assert (first["state"], first["jobs"]) == ("running", {"running": 1})
    assert watched.ended["state"] == "failed"
    assert watched.ended["sentence"] == "all is well"


def test_lists_are_told_of_any_build(web, writing, reader):
    watched = reader(path_of("all"))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read, lambda seen: len(seen.told) == 2)
        while not watched.told:
            time.sleep(0.01)
        limit = time.monotonic() + 60
        while not reading.done():
            assert time.monotonic() < limit
            writing.write(b"x\n")
            time.sleep(0.2)


def test_who_never_reads_costs_little_and_holds_nobody_up(web, writing, reader):
    rude = [ask_and_never_read(web, writing.stream()) for _ in range(5)]
    watched = reader()
    line = b"x" * 200 + b"\n"
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        writing.write(line * 1000)
        while not watched.numbers:
            time.sleep(0.01)
        before = memory(web)
        for _ in range(40):
            writing.write(line * 2500)
        writing.end()
        reading.result(60)
    assert len(watched.numbers) == 101_000
    # 20 MB of log went by; each of them holds some pieces of it at most.
    assert memory(web) - before < 30 << 20
    for connection in rude:
        connection.close()


def test_a_stop_ends_streams_at_once_also_of_those_who_never_read(web, writing, reader):
    writing.write(b"x" * 200 + b"\n")
    rude = ask_and_never_read(web, writing.stream())
    watched = reader()
    thread = threading.Thread(target=watched.read)
    thread.start()
    while not watched.numbers:
        time.sleep(0.01)
    for _ in range(20):
        writing.write((b"y" * 200 + b"\n") * 2500)
    begun = time.monotonic()
    assert web.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    # Without it, uvicorn waits for as long as it was told to: 20 seconds.
    assert time.monotonic() - begun < 15
    thread.join(10)
    assert watched.ended is None
    rude.close()


def test_many_viewers_share_few_connections(web, writing, reader, database):
    writing.write(b"hello\n")
    readers = [reader() for _ in range(10)] + [reader(path_of("all")) for _ in range(5)]
    threads = [
        threading.Thread(target=each.read, args=(lambda seen: writing.done,)) for each in readers
    ]
    writing.done = False
    for thread in threads:
        thread.start()
    while not all(each.numbers or each.told for each in readers):
        time.sleep(0.02)
    with psycopg.connect(database) as connection:
        count = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fairlead streams'"
        ).fetchone()[0]
    assert 1 <= count <= 3
    writing.done = True
    writing.write(b"bye\n")
    for thread in threads:
        thread.join(30)
