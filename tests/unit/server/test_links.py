from pathlib import Path

import pytest

from fairlead.server.configuration import Configuration
from fairlead.server.links import base_url


@pytest.mark.parametrize(
    ("listen", "url", "found"),
    [
        ("127.0.0.1:8600", "", "http://127.0.0.1:8600"),
        ("[::1]:1", "", "http://[::1]:1"),
        ("127.0.0.1:8600", "https://ci.example.org/", "https://ci.example.org"),
        ("0.0.0.0:8600", "", "http://127.0.0.1:8600"),
        (":8600", "", "http://127.0.0.1:8600"),
        ("[::]:8600", "", "http://[::1]:8600"),
    ],
)
def test_how_people_reach_us(listen, url, found):
    assert base_url(Configuration(data=Path("/x"), listen=listen, url=url)) == found
