"""Logs and artifacts as bytes: whole, in parts, while they grow, to slow readers."""

import asyncio

import pytest

LOG = "/projects/sample/builds/1/jobs/1/log"
DATA = b"".join(b"\x1b[31mline %d\x1b[0m\n" % number for number in range(1, 5001))


def body(response):
    return b"".join(response) if response.streaming else response.content


@pytest.fixture(params=[False, True], ids=["growing", "finished"])
def log(request, make_build, write_log):
    return write_log(make_build(jobs=1), DATA, finish=request.param)


def test_a_whole_log(ask, log):
    response = ask.get(LOG)
    assert (response.status_code, body(response)) == (200, DATA)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Length"] == str(len(DATA))
    assert "sandbox" in response["Content-Security-Policy"]


def test_parts_of_a_log(ask, log):
    for header, part in (
        ("bytes=0-9", DATA[:10]),
        ("bytes=60000-70000", DATA[60000:70001]),
        ("bytes=-7", DATA[-7:]),
    ):
        response = ask.get(LOG, Range=header)
        assert (response.status_code, body(response)) == (206, part)
        assert response["Content-Range"].endswith(f"/{len(DATA)}")
    refused = ask.get(LOG, Range=f"bytes={len(DATA)}-")
    assert (refused.status_code, refused["Content-Range"]) == (416, f"bytes */{len(DATA)}")
    assert refused["Content-Type"] == "application/problem+json"
    assert body(ask.get(LOG, Range="bytes=0-9", **{"If-Range": '"other"'})) == DATA


def test_heads_of_logs_read_nothing(ask, log):
    response = ask.head(LOG)
    assert (response["Content-Length"], body(response)) == (str(len(DATA)), b"")


def test_lines_and_hits(ask, log):
    lines = ask.get(f"{LOG}/lines?first=3&last=4").json()
    assert [line["text"] for line in lines["items"]] == ["line 3", "line 4"]
    assert lines["total"] == 5000
    assert len(ask.get(f"{LOG}/lines").json()["items"]) == 2000
    assert not ask.get(f"{LOG}/lines?first=9999").json()["items"]
    found = ask.get(f"{LOG}/search?q=LINE 4999&ignore_case=true").json()
    assert found["items"] == [{"line": 4999, "text": "line 4999", "begin": 0, "end": 9}]
    numbers, url = [], f"{LOG}/search?q=99&limit=20"
    while url:
        page = ask.get(url).json()
        numbers += [hit["line"] for hit in page["items"]]
        url = page["next"]
    assert numbers == [number for number in range(1, 5001) if "99" in str(number)]
    assert ask.get(f"{LOG}/search?q=").status_code == 422
    assert ask.get(f"{LOG}/search?q=a%0Ab").status_code == 422


def test_a_finished_log_has_a_tag(ask, make_build, write_log):
    write_log(make_build(jobs=1), DATA, finish=True)
    tag = ask.get(LOG)["ETag"]
    assert ask.get(LOG, **{"If-None-Match": tag}).status_code == 304
    part = ask.get(LOG, Range="bytes=0-9", **{"If-Range": tag})
    assert part.status_code == 206


def test_a_log_that_becomes_a_file_while_it_is_read(ask, make_build, write_log):
    from django.conf import settings

    from fairlead.server.engine.logsink import compact_attempt
    from fairlead.server.storage import open_storage

    data = bytes(range(256)) * (3 << 12)
    attempt = write_log(make_build(jobs=1), data)
    pieces = iter(ask.get(LOG))
    read = next(pieces)
    compact_attempt(attempt.pk, open_storage(settings.FAIRLEAD))
    assert len(read) < len(data)
    assert read + b"".join(pieces) == data


def test_no_log_yet(ask, make_build):
    make_build(jobs=1)
    assert body(ask.get(LOG)) == b""
    assert ask.get(f"{LOG}/lines").json() == {"items": [], "total": 0, "size": 0}
    assert ask.get(f"{LOG}?attempt=2").status_code == 404


def test_artifacts(ask, make_build):
    from django.conf import settings

    from fairlead.server.storage import open_storage
    from fairlead.server.store.models import Artifact

    make_build(jobs=2)
    storage = open_storage(settings.FAIRLEAD)
    listed = ask.get("/projects/sample/builds/1/artifacts?limit=1").json()
    second = ask.get(listed["next"]).json()["items"][0]
    assert (second["job"], second["place"], second["path"]) == ("job1", 2, "dist/1.txt")
    row = Artifact.objects.get(pk=second["id"])
    assert ask.get(second["url"]).status_code == 404
    storage.write(row.key, [b"hello"])
    Artifact.objects.filter(pk=row.pk).update(path='x/<b>"é\r\nSet-Cookie: a=b')
    response = ask.get(second["url"])
    assert body(response) == b"hello"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith('attachment; filename="')
    assert "Set-Cookie" not in response.headers
    assert body(ask.get(second["url"], Range="bytes=1-2")) == b"el"


def test_under_asgi_a_slow_reader_is_sent_pieces(ask, make_build, write_log):
    """As uvicorn would: the application is asked, and only reads on when what it sent is taken."""
    from fairlead.server.asgi import application

    data = b"x" * 99 + b"\n"
    data *= 40_000
    write_log(make_build(jobs=1), data, finish=True)
    sent = []
    came = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if came:
            return came.pop()
        return await asyncio.sleep(3600)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/api/v1{LOG}",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"authorization", ask.headers["Authorization"].encode()),
        ],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(asyncio.wait_for(application(scope, receive, send), 60))
    assert sent[0]["status"] == 200
    pieces = [message["body"] for message in sent[1:] if message.get("body")]
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) < 2 << 20
    assert len(pieces) > 3
