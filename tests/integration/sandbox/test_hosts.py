"""A network that is a list of hosts: who gets through, and what is said of those who do not."""

import socketserver
import threading

import pytest


class Upstream(socketserver.StreamRequestHandler):
    """A proxy of the machine's own: answers every request with what was asked of it."""

    def handle(self):
        line = self.rfile.readline().decode().strip()
        while self.rfile.readline().strip():
            pass
        if line.startswith("CONNECT"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.handle_tunnel(line)
            return
        body = f"{line}\n".encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def handle_tunnel(self, asked):
        line = self.rfile.readline().decode().strip()
        self.wfile.write(f"{asked} and then {line}\n".encode())


@pytest.fixture
def upstream(monkeypatch):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
        for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()
        thread.join()


FETCH = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode().strip())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode().strip())
except OSError as error:
    print("unreachable")
"""
TUNNEL = """
import os, socket, sys, urllib.parse
address = urllib.parse.urlsplit(os.environ["https_proxy"])
far = socket.create_connection((address.hostname, address.port), 20)
far.sendall(b"CONNECT " + sys.argv[1].encode() + b" HTTP/1.1\\r\\n\\r\\n")
print(far.recv(4096).split(b"\\r\\n")[0].decode())
far.sendall(b"ping\\r\\n")
print(far.recv(4096).decode().strip())
"""


def fetch(box, do, url, code=FETCH):
    running = box.start((do.interpreter, "-I", "-c", code, url), {})
    text = do.read_all(running).decode().strip()
    running.close()
    return text


def test_hosts_on_the_list_are_reached_and_others_are_not(boxes, do, upstream):
    box = boxes.open("hosts", hosts=("good.test", "*.fine.test"))
    assert fetch(box, do, "http://good.test/a?b=c") == "GET http://good.test/a?b=c HTTP/1.1"
    assert fetch(box, do, "http://very.fine.test/") == "GET http://very.fine.test/ HTTP/1.1"
    refused = "403 fairlead: bad.test is not among the hosts this job may reach"
    assert fetch(box, do, "http://bad.test/") == refused
    assert fetch(box, do, "http://fine.test.evil.test/").startswith("403")
    assert fetch(box, do, "http://bad.test/again") == refused
    assert box.denied() == ("bad.test", "fine.test.evil.test")


def test_encrypted_connections_are_tunnelled(boxes, do, upstream):
    box = boxes.open("hosts", hosts=("good.test:443",))
    expected = "HTTP/1.1 200 OK\nCONNECT good.test:443 HTTP/1.1 and then ping"
    assert fetch(box, do, "good.test:443", TUNNEL) == expected
    assert "HTTP/1.1 403 Forbidden" in fetch(box, do, "good.test:22", TUNNEL)
    assert box.denied() == ("good.test",)


@pytest.mark.parametrize("kind", ["bubblewrap"])
def test_there_is_no_way_around_the_proxy(boxes, do, upstream):
    box = boxes.open("hosts", hosts=("good.test",))
    code = """
import socket, sys
port = int(sys.argv[1])
for host in ("127.0.0.1", "192.0.2.1"):
    try:
        socket.create_connection((host, port), 5)
        print("reached", host)
    except OSError:
        pass
"""
    port = str(upstream.server_address[1])
    assert fetch(box, do, port, code) == ""


def test_a_host_that_cannot_be_reached_is_told(boxes, do, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    box = boxes.open("hosts", hosts=("nonesuch.invalid",))
    assert fetch(box, do, "http://nonesuch.invalid/").startswith("502 fairlead: nonesuch.invalid")
    assert box.denied() == ()


def test_nonsense_is_refused(boxes, do):
    box = boxes.open("hosts", hosts=("good.test",))
    code = """
import os, socket, sys, urllib.parse
address = urllib.parse.urlsplit(os.environ["http_proxy"])
for request in (b"GET / HTTP/1.1\\r\\n\\r\\n", b"\\xff\\r\\n\\r\\n", b"x" * 100000 + b"\\r\\n\\r\\n"):
    far = socket.create_connection((address.hostname, address.port), 20)
    try:
        far.sendall(request)
        print(far.recv(20).decode())
    except OSError:
        print("")
"""
    assert fetch(box, do, "", code).split() == ["HTTP/1.1", "400", "Bad", "Req"]
