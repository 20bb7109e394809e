"""Styles and scripts: gathered, named by their content, compressed, kept by browsers."""

import asyncio
import gzip
import re
import threading


def fetch(app, path, **headers):
    """The status, headers and body of a GET."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:])


async def nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_a_browser_keeps_them_for_ever(admin):
    from fairlead.server.web.statics import Pages

    page = admin.get("/").content.decode()
    found = set(re.findall(r'(?:href|src|data-htmx)="(/static/[^"]+)"', page))
    assert {re.sub(r"\.\w{12}\.", ".", path) for path in found} >= {
        "/static/fairlead/style.css",
        "/static/fairlead/htmx.js",
        "/static/fairlead/live.js",
    }
    assert len(found) < 9
    app, total = Pages(nothing), 0
    for path in found:
        status, headers, body = fetch(app, path, **{"accept-encoding": "gzip"})
        assert status == 200, path
        assert "immutable" in headers["cache-control"]
        if len(body) > 1000:
            assert headers["content-encoding"] == "gzip"
            assert len(gzip.decompress(body)) > len(body)
        total += len(body)
    assert total < 40_000


def test_what_was_read_once_is_told_again_in_the_form_that_is_asked_for(admin):
    from fairlead.server.web.statics import Pages

    path = re.search(r'"(/static/fairlead/style[^"]+)"', admin.get("/").content.decode())[1]
    app = Pages(nothing)
    zipped = fetch(app, path, **{"accept-encoding": "gzip, deflate, br"})
    plain = fetch(app, path)
    assert gzip.decompress(zipped[2]) == plain[2]
    assert "content-encoding" not in plain[1]
    for told in (zipped, plain):
        assert told[0] == 200
        assert int(told[1]["content-length"]) == len(told[2])
    assert fetch(app, path, **{"accept-encoding": "gzip, deflate, br"}) == zipped
    assert fetch(app, path, **{"accept-encoding": "gzip;q=0"})[2] == plain[2]
    assert fetch(app, path) == plain
    assert fetch(app, path, range="bytes=0-9")[::2] == (206, plain[2][:10])
    assert fetch(app, path, **{"if-none-match": plain[1]["etag"]})[0] == 304


def test_what_is_no_file_is_left_to_the_pages(django):
    from fairlead.server.web.statics import Pages

    for path in ("/static/none.css", "/static/../settings.py", "/static/%2e%2e/x"):
        assert fetch(Pages(nothing), path)[0] == 404


def test_processes_that_start_at_once_gather_the_same(django, tmp_path, monkeypatch):
    import msgspec
    from django.conf import settings

    from fairlead.server.web import statics

    told = msgspec.structs.replace(settings.FAIRLEAD, data=tmp_path)
    monkeypatch.setattr(settings, "FAIRLEAD", told)
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(statics.folder.__wrapped__())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "static").iterdir()] == [made[0].name]
    assert (made[0] / "staticfiles.json").exists()
