"""A small server that answers as a test tells it to, on a real socket."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from fairlead.cli.guard import guarded
from fairlead.client.api import Api
from fairlead.client.http import Connection, Patience

IMPATIENT = Patience(first=0.5, after=5.0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.server.scripted.answer(self)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *args):
        pass


class Scripted:
    """``routes`` maps a path to a function of the request; ``requests`` is what came."""

    def __init__(self):
        self.routes = {}
        self.requests = []
        self.port = 0
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _Handler)
        self._server.scripted = self
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def restart_after(self, seconds):
        def later():
            time.sleep(seconds)
            self.start()

        thread = threading.Thread(target=later)
        thread.start()
        return thread

    def answer(self, handler):
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = SimpleNamespace(
            method=handler.command, path=parts.path, query=parse_qs(parts.query),
            headers=dict(handler.headers), body=handler.rfile.read(length), handler=handler,
        )  # fmt: skip
        self.requests.append(request)
        route = self.routes.get(parts.path)
        try:
            if route is None:
                self.problem(request, 404, f"there is no {parts.path}")
            else:
                route(request)
        except OSError:
            handler.close_connection = True

    def send(self, request, body, *, status=200, kind="application/json", **headers):
        handler = request.handler
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    def problem(self, request, status, detail, **headers):
        body = json.dumps({"title": "No", "status": status, "detail": detail}).encode()
        self.send(request, body, status=status, kind="application/problem+json", **headers)

    def cut(self, request):
        """Close the connection without an answer."""
        request.handler.close_connection = True
        request.handler.connection.shutdown(2)

    def json(self, path, value, **more):
        """Answer ``path`` with a value, or with what a function of the request returns."""

        def route(request):
            found = value(request) if callable(value) else value
            self.send(request, json.dumps(found).encode(), **more)

        self.routes[path] = route

    def stream(self, path, script):
        """Server-sent events: ``script`` yields bytes; its end closes the connection."""

        def route(request):
            handler = request.handler
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Connection", "close")
            handler.end_headers()
            for piece in script(request):
                handler.wfile.write(piece)
                handler.wfile.flush()
            handler.close_connection = True

        self.routes[path] = route

    def asked(self, path):
        return [request for request in self.requests if request.path == path]


@pytest.fixture
def server():
    made = Scripted()
    yield made
    made.stop()


@pytest.fixture
def connection(server):
    made = Connection(server.url, "fl_secret", patience=IMPATIENT)
    yield made
    made.close()


@pytest.fixture
def api(connection):
    return Api(connection)


BUILD = "/api/v1/projects/shop/builds/3"


def job_json(place=1, key="unit", state="running", attempts=1, **more):
    tries = [
        {"number": number, "state": state if number == attempts else "failed", "steps": []}
        for number in range(1, attempts + 1)
    ]
    counts = {"passed": 0, "bad": 0, "skipped": 0}
    return {"place": place, "key": key, "name": key, "state": state, "attempts": tries,
            "tests": counts, "seconds": 1.5} | more  # fmt: skip


def build_json(state="running", jobs=None, **more):
    return {
        "id": 77, "project": "shop", "number": 3, "state": state, "branch": "main",
        "commit": "c" * 40, "sentence": "", "url": "http://ci/p/shop/3/",
        "created": "2026-01-02T03:04:05Z", "seconds": 2.0,
        "jobs": [job_json()] if jobs is None else jobs,
    } | more  # fmt: skip


@pytest.fixture
def person(server, tmp_path, monkeypatch, capfdbinary):
    """Calls the command line in a folder of its own; the server is the one known."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("FAIRLEAD", "GITHUB_", "TRAVIS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRLEAD_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRLEAD_URL", server.url)
    monkeypatch.setenv("FAIRLEAD_TOKEN", "fl_secret")
    monkeypatch.setenv("FAIRLEAD_PROJECT", "shop")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "120")

    def call(*args):
        from fairlead.cli.main import cli

        def command():
            import click

            try:
                return cli.main(list(args), standalone_mode=False)
            except click.ClickException as error:
                error.show()
                return error.exit_code

        capfdbinary.readouterr()
        code = guarded(command)
        import sys

        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return SimpleNamespace(
            code=code, raw=out, out=out.decode("utf-8", "replace"), err=err.decode()
        )

    call.folder = folder
    call.config = tmp_path / "config"
    return call


@pytest.fixture
def shapes():
    return SimpleNamespace(build=build_json, job=job_json, path=BUILD)
