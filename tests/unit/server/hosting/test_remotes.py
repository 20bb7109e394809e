import base64

import pytest

from fairlead.errors import FairleadError
from fairlead.server.hosting.remotes import ours, remote

ALL = ("https", "ssh", "git", "http", "file")


def settings(found):
    count = int(found.env["GIT_CONFIG_COUNT"])
    return [
        (found.env[f"GIT_CONFIG_KEY_{n}"], found.env[f"GIT_CONFIG_VALUE_{n}"]) for n in range(count)
    ]


def headers(found):
    return [(key, value) for key, value in settings(found) if "extraheader" in key.lower()]


def test_a_password_is_a_header_of_that_host_alone():
    found = remote("https://me:p%40ss@example.org:8443/a/b.git", ALL)
    assert found.url == "https://example.org:8443/a/b.git"
    ((key, value),) = headers(found)
    assert key == "http.https://example.org:8443/.extraHeader"
    assert base64.b64decode(value.rpartition(" ")[2]) == b"me:p@ss"


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("git@example.org:a/b.git", "ssh"),
        ("ssh://git@example.org/a", "ssh"),
        ("git://example.org/a", "git"),
        ("file:///srv/a.git", "file"),
    ],
)
def test_other_addresses_stay_as_they_are(url, scheme):
    found = remote(url, ALL)
    assert (found.url, found.env["GIT_ALLOW_PROTOCOL"]) == (url, scheme)
    assert not headers(found)


def test_a_password_of_ssh_is_dropped():
    assert remote("ssh://me:secret@example.org/a", ALL).url == "ssh://me@example.org/a"


@pytest.mark.parametrize(
    "url", ["", "/a", "a", "-x", "ext::sh", "--upload-pack=x", "ext::a://b", "C:\\x y"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(FairleadError):
        remote(url, ALL)


def test_only_what_is_allowed():
    with pytest.raises(FairleadError, match="MIRROR_PROTOCOLS"):
        remote("http://example.org/a", ("https",))


def test_a_worker_shows_its_token_and_its_build():
    found = ours("http://ci.example.org/git/a.git", "s" * 20, 12)
    values = [value for _, value in headers(found)]
    assert values[1] == "Fairlead-Build: 12"
    assert base64.b64decode(values[0].rpartition(" ")[2]) == b"worker:" + b"s" * 20
    assert "s" * 20 not in found.url
