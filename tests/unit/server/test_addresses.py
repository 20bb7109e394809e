"""By which names pages may be asked for, and what proves that a form is ours."""

import pytest

from fairlead.errors import FairleadError
from fairlead.server.configuration import load_configuration


@pytest.fixture(scope="module")
def settings():
    pytest.importorskip("django")
    from fairlead.server import settings

    return settings


def told(**variables):
    named = {f"FAIRLEAD_{name}": value for name, value in variables.items()}
    return load_configuration({"FAIRLEAD_DATA": "/x", **named})


def test_our_own_addresses_are_taken(settings):
    known = settings.allowed_hosts(told(URL="https://ci.example.org:8443/", LISTEN="[fe80::1]:80"))
    assert {"localhost", "127.0.0.1", "ci.example.org", "[fe80::1]"} <= set(known)
    assert "*" not in known


@pytest.mark.parametrize(
    ("url", "origin"),
    [("https://ci.example.org/", "https://ci.example.org"), ("http://ci:8600", "http://ci:8600")],
)
def test_origins(settings, url, origin):
    assert settings.origin(url) == origin


@pytest.mark.parametrize("url", ["ci.example.org", "ftp://ci.example.org", "https://"])
def test_what_is_no_web_address_is_refused(settings, url):
    with pytest.raises(FairleadError, match="FAIRLEAD_URL"):
        settings.origin(url)
