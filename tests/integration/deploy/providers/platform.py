"""A platform on this machine that answers as Heroku's API is documented, and checks what it is asked."""

import gzip
import io
import json
import tarfile
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "token-of-ann"
ACCEPT = "application/vnd.heroku+json; version=3"


class Platform:
    """One app, ``shop``: its releases, config vars, and what was uploaded."""

    def __init__(self):
        self.variables = {"OLD": "kept", "A": "was"}
        self.releases = []
        self.builds = {}
        self.files = {}
        self.calls = []
        self.build_fails = self.phase_fails = self.unwell = False
        self.pending = 1
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"platform": self})
        )
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.release("a" * 40)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def release(self, commit, status="succeeded"):
        for one in self.releases:
            one["current"] = one["current"] and status != "succeeded"
        number = len(self.releases) + 1
        made = {
            "id": f"r{number}", "version": number, "status": status, "current": status == "succeeded",
            "slug": {"id": f"slug-{commit}"}, "description": f"Deploy {commit[:7]}", "output_stream_url": None,
        }  # fmt: skip
        self.releases.append(made)
        return made

    @property
    def current(self):
        return next(one for one in self.releases if one["current"])["slug"]["id"].removeprefix(
            "slug-"
        )

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    platform: Platform
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        if self.headers.get("Transfer-Encoding"):
            raise AssertionError("an upload to storage says its length")
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_one(self):  # noqa: PLR0911
        data = self.body()
        p = self.platform
        method, path = self.command, self.path
        p.calls.append(f"{method} {path}")
        if path.startswith(
            "/blob"
        ):  # storage: signed addresses, which a token or a type would spoil
            assert "Authorization" not in self.headers
            assert not self.headers.get("Content-Type")
            p.files[path] = data
            return self.answer(200)
        if path.startswith("/output"):
            return self.answer(200, b"-----> Building\n-----> Done\n", "text/plain")
        if path == "/health":
            served = "wrong" if p.unwell else p.current[:12]
            return self.answer(200, {"version": served})
        if self.headers.get("Accept") != ACCEPT:
            return self.answer(404, {"id": "not_found", "message": "no such version"})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(
                401, {"id": "unauthorized", "message": "Invalid credentials provided."}
            )
        if not path.startswith("/apps/shop"):
            return self.answer(404, {"id": "not_found", "message": "Couldn't find that app."})
        return self.api(method, path.removeprefix("/apps/shop"), json.loads(data) if data else None)

    do_GET = do_POST = do_PATCH = do_PUT = handle_one  # noqa: N815

    def api(self, method, path, body):  # noqa: C901, PLR0911
        p = self.platform
        if (method, path) == ("GET", ""):
            return self.answer(200, {"name": "shop", "web_url": p.url + "/"})
        if (method, path) == ("POST", "/sources"):
            blob = {"put_url": f"{p.url}/blob/1", "get_url": f"{p.url}/blob/1"}
            return self.answer(201, {"source_blob": blob})
        if path == "/config-vars":
            for name, value in (body or {}).items():
                p.variables.pop(name, None)
                if value is not None:
                    p.variables[name] = value
            return self.answer(200, p.variables)
        if (method, path) == ("POST", "/builds"):
            return self.build(body["source_blob"])
        if path.startswith("/builds/"):
            return self.answer(200, self.built(path.rpartition("/")[2]))
        if (method, path) == ("GET", "/releases"):
            assert self.headers["Range"].startswith("version ..; order=desc")
            return self.answer(206, p.releases[::-1])
        if (method, path) == ("POST", "/releases"):
            old = next(one for one in p.releases if one["id"] == body["release"])
            return self.answer(201, p.release(old["slug"]["id"].removeprefix("slug-")))
        if path.startswith("/releases/"):
            return self.answer(
                200, next(one for one in p.releases if one["id"] == path.rpartition("/")[2])
            )
        if path.startswith("/slugs/slug-"):
            return self.answer(200, {"id": path, "commit": path.removeprefix("/slugs/slug-")})
        return self.answer(404, {"id": "not_found", "message": "Not found."})

    def build(self, blob):
        p = self.platform
        data = p.files[blob["url"].removeprefix(p.url)]
        assert blob["checksum"] == f"SHA256:{sha256(data).hexdigest()}"
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as tar:
            p.source = {
                info.name: tar.extractfile(info).read() if info.isreg() else b"" for info in tar
            }
        build = {
            "id": "b1",
            "status": "pending",
            "release": None,
            "output_stream_url": f"{p.url}/output/b1",
        }
        p.builds["b1"] = (build, blob["version"])
        return self.answer(201, build)

    def built(self, name):
        p = self.platform
        build, commit = p.builds[name]
        if p.pending > 0:
            p.pending -= 1
        elif build["status"] == "pending":
            build["status"] = "failed" if p.build_fails else "succeeded"
            if not p.build_fails:
                made = p.release(commit, "failed" if p.phase_fails else "succeeded")
                build["release"] = {"id": made["id"]}
        return build
