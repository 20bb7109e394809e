"""The endpoint behind a real server: what is too large is not read, and others go on."""

import http.client
import json
import threading

import pytest


@pytest.fixture
def port(project, change):
    """The port of a server on loopback that has nothing but the endpoint."""
    import uvicorn

    from fairlead.server.webhooks.asgi import Endpoint

    config = uvicorn.Config(Endpoint(), port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def client(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    yield connection
    connection.close()


def test_a_push_over_http(client, sample, signed, builds):
    body = json.dumps(sample("github", "push")).encode()
    client.request("POST", "/hooks/github/sample", body, dict(signed("github", "push", body)))
    answer = client.getresponse()
    assert answer.status == 202
    assert json.loads(answer.read())["builds"][0]["number"] == len(builds()) == 1


def test_one_that_says_it_is_huge_is_answered_before_its_body(client, kept):
    client.putrequest("POST", "/hooks/github/sample")
    client.putheader("Content-Length", str(1 << 40))
    client.endheaders()
    assert client.getresponse().status == 413
    assert [one.fate for one in kept()] == ["refused"]


def test_one_that_never_ends_is_cut_off(client, kept):
    """Chunks without an end: the server answers, and takes no more than its limit."""
    client.putrequest("POST", "/hooks/github/sample")
    client.putheader("Transfer-Encoding", "chunked")
    client.endheaders()
    piece = b"x" * (1 << 20)
    sent = 0
    try:
        for _ in range(200):
            client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += 1
    except OSError:
        pass  # it hung up on us
    assert sent < 200
    assert [one.fate for one in kept()] == ["refused"]
