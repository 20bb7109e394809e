import os
import pwd
import types

import pytest

from fairlead.server.postgres import PostgresFailed, account

_USERS = {0: "root", 7: "nobody", 8: "postgres", 9: "fairlead", 1000: "ada"}


@pytest.fixture
def be(monkeypatch, tmp_path):
    """Be somebody, on a machine with some users and a data folder that belongs to one."""

    def become(uid, *names, owner=None):
        entries = {
            number: pwd.struct_passwd((name, "x", number, number, "", "/", ""))
            for number, name in _USERS.items()
            if name in names or number in (uid, owner)
        }

        def by_name(name):
            return {entry.pw_name: entry for entry in entries.values()}[name]

        monkeypatch.setattr(os, "geteuid", lambda: uid)
        fake = types.SimpleNamespace(
            getpwuid=entries.__getitem__, getpwnam=by_name, struct_passwd=pwd.struct_passwd
        )
        monkeypatch.setattr(account, "pwd", fake)
        monkeypatch.setattr(account, "_owner", lambda data: owner)
        return account.account_for(tmp_path)

    return become


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("nobody",), "nobody"),
        (("nobody", "postgres"), "postgres"),
        (("nobody", "postgres", "fairlead"), "fairlead"),
    ],
)
def test_root_becomes_the_most_fitting_user(be, names, expected):
    found = be(0, *names)
    assert (found.name, found.caller, found.dropped) == (expected, "root", True)


def test_root_stays_with_who_owns_the_data(be):
    found = be(0, "nobody", "fairlead", owner=7)
    assert (found.name, found.uid) == ("nobody", 7)


def test_an_ordinary_user_is_itself(be):
    for owner in (None, 1000):
        found = be(1000, "postgres", owner=owner)
        assert (found.name, found.uid, found.caller, found.dropped) == ("ada", 1000, "ada", False)


def test_an_ordinary_user_and_the_data_of_another(be):
    with pytest.raises(PostgresFailed, match="belongs to user 8, not to ada"):
        be(1000, owner=8)


def test_nobody_to_become(be):
    with pytest.raises(PostgresFailed, match="no user to run it as") as caught:
        be(0)
    assert "useradd --system fairlead" in caught.value.hint


def test_a_user_without_a_name(be):
    with pytest.raises(PostgresFailed, match="user 4242 has no name"):
        be(4242)
