import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.runner.sandbox.hosts import is_allowed, target_of
from fairlead.runner.sandbox.proxy import _direct, _proxy_for


@pytest.mark.parametrize(
    ("host", "port", "pattern", "allowed"),
    [
        ("index.example", 443, "index.example", True),
        ("Index.Example.", 443, "index.EXAMPLE", True),
        ("evilindex.example", 443, "index.example", False),
        ("index.example.evil", 443, "index.example", False),
        ("a.index.example", 443, "index.example", False),
        ("a.index.example", 443, "*.index.example", True),
        ("index.example", 443, "*.index.example", False),
        ("index.example", 443, ".index.example", True),
        ("a.b.index.example", 443, ".index.example", True),
        ("evilindex.example", 443, ".index.example", False),
        ("anything", 1, "*", True),
        ("index.example", 443, "index.example:443", True),
        ("index.example", 80, "index.example:443", False),
        ("anything", 22, "*:443", False),
        ("index.example", 443, "", False),
    ],
)
def test_patterns(host, port, pattern, allowed):
    assert is_allowed(host, port, [pattern]) is allowed


def test_one_of_many_is_enough_and_none_lets_nothing_through():
    assert is_allowed("b", 1, ["a", "b"])
    assert not is_allowed("b", 1, [])


@pytest.mark.parametrize(
    ("method", "url", "target"),
    [
        ("CONNECT", "index.example:443", ("index.example", 443)),
        ("CONNECT", "[::1]:443", ("::1", 443)),
        ("CONNECT", "index.example", None),
        ("CONNECT", ":443", None),
        ("GET", "http://index.example/simple/", ("index.example", 80)),
        ("GET", "http://user:pw@index.example:8080/x?y=http://z", ("index.example", 8080)),
        ("GET", "http://good.test@evil.test/", ("evil.test", 80)),
        ("GET", "http://index.example?x", ("index.example", 80)),
        ("GET", "http://[::1]:81/", ("::1", 81)),
        ("GET", "http://[::1]/", ("::1", 80)),
        ("GET", "/path", None),
        ("GET", "ftp://index.example/", None),
        ("GET", "http:///x", None),
    ],
)
def test_targets(method, url, target):
    assert target_of(method, url) == target


@given(st.text(), st.text())
def test_no_request_breaks_it(method, url):
    target = target_of(method, url)
    assert target is None or isinstance(target[1], int)


def test_a_request_is_passed_on_as_servers_expect_it():
    head = (
        b"GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: secret\r\n"
        b"Connection: keep-alive\r\nAccept: */*\r\n\r\n"
    )
    assert _direct(head) == (
        b"GET /x?y HTTP/1.1\r\nConnection: close\r\nHost: a.test\r\nAccept: */*\r\n\r\n"
    )
    assert _direct(b"GET http://a.test HTTP/1.1\r\n\r\n").startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("method", "upstream", "via"),
    [
        ("GET", {}, None),
        ("GET", {"http_proxy": "http://proxy.test:3128"}, ("proxy.test", 3128)),
        ("CONNECT", {"http_proxy": "http://proxy.test:3128"}, None),
        ("CONNECT", {"HTTPS_PROXY": "proxy.test:3128"}, ("proxy.test", 3128)),
        ("CONNECT", {"ALL_PROXY": "http://proxy.test"}, ("proxy.test", 80)),
        ("GET", {"http_proxy": "http://proxy.test:3128", "no_proxy": "a.test"}, None),
    ],
)
def test_the_machine_s_own_proxy(method, upstream, via):
    assert _proxy_for(method, "a.test", upstream) == via
