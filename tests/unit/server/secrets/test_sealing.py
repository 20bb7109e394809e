"""What is sealed opens with its key and in its place, and nowhere else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.secrets.sealing import Unreadable, seal, unseal

PLACE = "API_KEY of project 1"


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_was_sealed_comes_back(text):
    sealed = seal("key", PLACE, text)
    assert unseal("key", PLACE, sealed) == text
    assert sealed != seal("key", PLACE, text)


def test_nothing_of_it_is_seen():
    assert b"battery" not in seal("key", PLACE, "correct horse battery")


@pytest.mark.parametrize(
    ("key", "place", "change"),
    [
        ("other", PLACE, lambda data: data),
        ("key", "API_KEY of project 2", lambda data: data),
        ("key", PLACE, lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        ("key", PLACE, lambda data: b"\x02" + data[1:]),
        ("key", PLACE, lambda data: data[:9]),
        ("key", PLACE, lambda data: b""),
    ],
    ids=["key", "place", "altered", "version", "cut", "empty"],
)
def test_elsewhere_or_altered_it_does_not_open(key, place, change):
    with pytest.raises(Unreadable, match="cannot be opened"):
        unseal(key, place, change(seal("key", PLACE, "x")))
