import os
import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.client.servers import (
    Server,
    Servers,
    choose,
    normal_url,
    project_of,
    travels_open,
)
from fairlead.errors import FairleadError, UsageError

ONE = Server("https://ci.example.org", "fl_one", "ada")
TWO = Server("http://127.0.0.1:8600", "fl_two", "bob")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://CI.example.org/", "https://ci.example.org"),
        ("https://ci.example.org:443/", "https://ci.example.org"),
        ("http://localhost:8600//", "http://localhost:8600"),
        ("http://[::1]:8600", "http://[::1]:8600"),
        (" https://example.org/ci/ ", "https://example.org/ci"),
        ("ci.example.org", None),
        ("ftp://ci.example.org", None),
        ("https://", None),
        ("https://me:secret@ci.example.org", None),
        ("https://ci.example.org/?token=x", None),
        ("http://ci:port/", None),
        ("http://[::1", None),
    ],
)
def test_addresses(text, url):
    if url is None:
        with pytest.raises(UsageError):
            normal_url(text)
    else:
        assert normal_url(text) == normal_url(url) == url


def test_servers_are_kept_for_their_owner_alone_and_the_last_is_the_default(tmp_path):
    servers = Servers(tmp_path / "config")
    assert servers.all() == ()
    servers.add(ONE)
    servers.add(TWO)
    assert servers.all() == (TWO, ONE)
    path = tmp_path / "config" / "servers.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert servers.remove(TWO.url)
    assert not servers.remove(TWO.url)
    assert servers.all() == (ONE,)
    assert sorted(os.listdir(path.parent)) == [".servers.lock", "servers.toml"]


@given(st.text(max_size=30), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_survives_the_file(tmp_path_factory, name, token):
    folder = tmp_path_factory.mktemp("servers")
    servers = Servers(folder)
    name = name.encode("utf-8", "replace").decode()
    servers.add(Server("https://ci.example.org", token, name))
    assert servers.all() == (Server("https://ci.example.org", token, name),)
    tomllib.loads((folder / "servers.toml").read_text())


@pytest.mark.parametrize("text", ["not toml", "servers = 3", "default = 7"])
def test_a_broken_file_is_told_with_its_place(tmp_path, text):
    (tmp_path / "servers.toml").write_text(text)
    with pytest.raises(FairleadError) as caught:
        Servers(tmp_path).all()
    assert str(tmp_path / "servers.toml") in str(caught.value)


def test_which_server_is_meant():
    known = (TWO, ONE)
    assert choose(known, {}, "") == TWO
    assert choose(known, {}, "ci.example.org") == ONE
    assert choose(known, {}, "https://ci.example.org/") == ONE
    assert choose(known, {"FAIRLEAD_URL": ONE.url}, "") == ONE
    assert choose(known, {}, "", ["https://ci.example.org/git/shop.git"]) == ONE
    new = choose(known, {"FAIRLEAD_URL": "http://new", "FAIRLEAD_TOKEN": "fl_x"}, "")
    assert new == Server("http://new", "fl_x")
    with pytest.raises(UsageError, match="no server"):
        choose(known, {}, "unknown")
    with pytest.raises(UsageError, match="fairlead login"):
        choose((), {"FAIRLEAD_TOKEN": "fl_x"}, "")


def test_an_address_from_somewhere_has_no_token_sent_there():
    environ = {"FAIRLEAD_TOKEN": "fl_x"}
    assert choose((), environ, "http://evil", pasted=True) == Server("http://evil")
    assert choose((), environ, "http://mine") == Server("http://mine", "fl_x")
    environ["FAIRLEAD_URL"] = "http://mine/"
    assert choose((), environ, "http://mine", pasted=True) == Server("http://mine", "fl_x")
    assert choose((), environ, "http://evil", pasted=True) == Server("http://evil")
    assert choose((ONE,), environ, ONE.url) == ONE


def test_no_remote_has_a_token_sent_anywhere():
    with pytest.raises(UsageError):
        choose((), {"FAIRLEAD_TOKEN": "fl_x"}, "", ["https://evil.example/git/shop.git"])
    chosen = choose((ONE,), {"FAIRLEAD_TOKEN": "fl_x"}, "", ["https://evil.example/git/a.git"])
    assert chosen == ONE


@pytest.mark.parametrize(
    ("remote", "project"),
    [
        ("https://ci.example.org/git/shop.git", "shop"),
        ("https://me:fl_x@ci.example.org/git/shop.git/", "shop"),
        ("https://ci.example.org/git/shop", "shop"),
        ("https://ci.example.org/other/shop.git", None),
        ("https://ci.example.org/git/a/b.git", None),
        ("https://ci.example.org/git/", None),
        ("https://elsewhere.example.org/git/shop.git", None),
        ("https://ci.example.org.evil/git/shop.git", None),
        ("ssh://ci.example.org/git/shop.git", None),
        ("git@ci.example.org:git/shop.git", None),
        ("https://ci.example.org:bad/git/shop.git", None),
        ("../shop.git", None),
    ],
)
def test_a_remote_tells_the_project(remote, project):
    assert project_of(remote, "https://ci.example.org") == project


def test_a_token_is_safe_on_its_way_over_tls_and_to_ourselves():
    assert travels_open("http://ci.example.org")
    assert not travels_open("https://ci.example.org")
    assert not any(map(travels_open, ("http://localhost:1", "http://127.0.0.1", "http://[::1]:2")))
