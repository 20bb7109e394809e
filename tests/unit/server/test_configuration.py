import pytest

from fairlead.errors import FairleadError
from fairlead.server.configuration import load_configuration, secret_key


def test_defaults_need_nothing_but_a_home(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    told = load_configuration({"HOME": "/home/me"})
    assert str(told.data) == "/home/me/.local/share/fairlead"
    assert (told.slots, told.labels, told.database_url) == (2, (), "")
    assert told.intervals.lease < told.intervals.stalled


def test_roots_data_is_where_postgresql_gets_to(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert str(load_configuration({"HOME": "/root"}).data) == "/var/lib/fairlead"
    elsewhere = load_configuration({"HOME": "/root", "XDG_DATA_HOME": "/srv"})
    assert str(elsewhere.data) == "/srv/fairlead"


def test_variables_are_read_in_their_kinds():
    told = load_configuration(
        {
            "FAIRLEAD_DATA": "/srv/fairlead",
            "FAIRLEAD_LABELS": "py36, deploy",
            "FAIRLEAD_SLOTS": "4",
            "FAIRLEAD_EVERY_HEARTBEAT": "0.5",
        }
    )
    assert (str(told.data), told.labels, told.slots) == ("/srv/fairlead", ("py36", "deploy"), 4)
    assert told.intervals.heartbeat == 0.5


@pytest.mark.parametrize("name", ["FAIRLEAD_SLOTS", "FAIRLEAD_EVERY_POLL"])
def test_a_value_of_another_kind_is_refused(name):
    with pytest.raises(FairleadError, match=f"{name} is not of its kind: "):
        load_configuration({"HOME": "/", name: "many"})


def test_a_lease_longer_than_the_silence_of_the_dead_is_refused():
    with pytest.raises(FairleadError, match="shorter"):
        load_configuration({"HOME": "/", "FAIRLEAD_EVERY_LEASE": "30"})


def test_a_key_is_made_once_and_is_nobody_elses(tmp_path):
    told = load_configuration({"FAIRLEAD_DATA": str(tmp_path / "data")})
    key = secret_key(told)
    assert len(key) > 50
    assert secret_key(told) == key
    file = tmp_path / "data" / "secret_key"
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file]


def test_an_empty_key_is_said(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(FairleadError, match="empty"):
        secret_key(load_configuration({"FAIRLEAD_DATA": str(tmp_path)}))


def test_a_key_that_is_told_touches_no_file(tmp_path):
    told = load_configuration({"FAIRLEAD_DATA": str(tmp_path), "FAIRLEAD_SECRET_KEY": "k"})
    assert secret_key(told) == "k"
    assert not list(tmp_path.iterdir())
