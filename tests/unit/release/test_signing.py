import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import FairleadError, UsageError
from fairlead.release.signing import SigningKey, distrust, own_key, trust, trusted_keys, valid


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    first = own_key(tmp_path)

    assert own_key(tmp_path).public == first.public
    mode = stat.S_IMODE(os.stat(tmp_path / "keys" / "release.key").st_mode)
    assert mode == 0o600
    assert trusted_keys(tmp_path) == {first.public: "own"}


def test_a_key_that_others_may_read_is_refused(tmp_path):
    own_key(tmp_path)
    (tmp_path / "keys" / "release.key").chmod(0o644)

    with pytest.raises(FairleadError, match="others may read this key"):
        own_key(tmp_path)


def test_a_file_that_is_no_key_is_named(tmp_path):
    own_key(tmp_path)
    (tmp_path / "keys" / "release.key").write_text("nonsense\n")

    with pytest.raises(FairleadError, match=r"release\.key: this is not a key"):
        own_key(tmp_path)


def test_signatures_are_the_same_for_the_same_bytes(key):
    assert key.sign(b"a") == key.sign(b"a") != key.sign(b"b")


@given(st.binary(max_size=200), st.integers(0, 87), st.characters(codec="ascii"))
def test_only_the_one_spelling_of_a_signature_is_valid(key, data, where, character):
    signature = key.sign(data)
    other = signature[:where] + character + signature[where + 1 :]

    assert valid(key.public, data, other) is (other == signature)


def test_what_is_no_key_signs_nothing():
    assert not valid("", b"", "")
    assert not valid("é" * 44, b"", "")


def test_other_people_are_trusted_by_name(tmp_path):
    other = SigningKey(bytes(32)).public
    trust(tmp_path, "ci.example.org", other)

    assert trusted_keys(tmp_path) == {other: "ci.example.org"}
    distrust(tmp_path, "ci.example.org")
    assert trusted_keys(tmp_path) == {}


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a" * 65])
def test_a_name_that_would_be_a_path_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be the name of a key"):
        trust(tmp_path, name, SigningKey(bytes(32)).public)
    with pytest.raises(UsageError, match="no trusted key is called"):
        distrust(tmp_path, name)


def test_a_key_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match="'abc' is not a public key"):
        trust(tmp_path, "x", "abc")


def test_a_broken_file_among_the_trusted_is_named(tmp_path):
    (tmp_path / "keys" / "trusted").mkdir(parents=True)
    (tmp_path / "keys" / "trusted" / "bad.pub").write_text("\n")

    with pytest.raises(FairleadError, match=r"bad\.pub: this is not a public key"):
        trusted_keys(tmp_path)
