#!/usr/bin/python3
"""Answers on the slot's socket with what it was told; /fail with 500."""

import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler

SLOT = os.path.basename(os.path.dirname(os.path.abspath(__file__)))
SOCKET = f"/srv/bank/run/{SLOT}.sock"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        told = {
            "slot": SLOT,
            "path": self.path,
            "size": len(self.rfile.read(size)),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(told).encode()
        self.send_response(500 if self.path.startswith("/fail") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_POST = do_HEAD = do_GET  # noqa: N815 — as http.server calls them

    def address_string(self):
        return "nginx"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if os.path.exists(SOCKET):
    os.unlink(SOCKET)
server = Server(SOCKET, Answer)
os.chmod(SOCKET, 0o666)
server.serve_forever()
