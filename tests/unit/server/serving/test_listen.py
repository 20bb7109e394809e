import socket

import pytest

from fairlead.errors import FairleadError
from fairlead.server.serving.listen import address, bind, place_of


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:8600", ("127.0.0.1", 8600)),
        ("[::1]:80", ("::1", 80)),
        (":8600", ("", 8600)),
        ("ci.example.org:0", ("ci.example.org", 0)),
    ],
)
def test_places(listen, place):
    assert address(listen) == place


@pytest.mark.parametrize(
    "listen", ["", "8600", "localhost", "::1", "::1:80", "a:65536", "a:-1", "a:²"]
)
def test_what_is_no_place_is_refused(listen):
    with pytest.raises(FairleadError, match="cannot listen at"):
        address(listen)


def test_the_kernel_chooses_a_port():
    with bind("127.0.0.1:0") as taken:
        host, _, port = place_of(taken).rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) == taken.getsockname()[1] > 0


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(FairleadError, match="something else") as raised:
            bind(listen)
    assert "FAIRLEAD_LISTEN" in raised.value.hint


def test_an_address_that_is_not_ours_is_said():
    with pytest.raises(FairleadError, match=r"cannot listen at 192\.0\.2\.1"):
        bind("192.0.2.1:8600")
