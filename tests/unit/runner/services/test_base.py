import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import ServiceFailed
from fairlead.model import Service
from fairlead.runner.services.base import (
    Place,
    asked_env,
    filled,
    last_output,
    socket_folder,
)
from fairlead.runner.services.postgres import _HELLO
from fairlead.runner.services.programs import _version, find_postgres
from fairlead.runner.services.start import KINDS, start_all

VALUES = {"port": "5", "socket": "/s", "folder": "/f", "host": "h"}


def place(tmp="/tmp", name="db", host=Path("/nonexistent")):
    service = Service(name=name, kind="command")
    box = SimpleNamespace(tmp=tmp)
    return Place(service=service, box=box, host=host, inside="/i", cache=host, env={})


def test_what_is_in_braces_is_filled_in():
    assert filled("{host}:{port} {socket} {folder} {port}", VALUES) == "h:5 /s /f 5"


@pytest.mark.parametrize("text", ["${port_of}", '{"a": {}}', "{}", "{other}", "{ port }", "%s{"])
def test_other_braces_stay(text):
    assert filled(text, VALUES) == text


@given(st.text())
def test_filling_in_never_fails(text):
    assert isinstance(filled(text, VALUES), str)


def test_asked_variables_are_filled_in():
    service = Service(name="x", kind="command", env=(("URL", "http://{host}:{port}"), ("B", "b")))
    assert asked_env(service, VALUES) == (("URL", "http://h:5"), ("B", "b"))


def test_the_last_output_is_short(tmp_path):
    (tmp_path / "log").write_bytes(b"first\n" + b"\xff line\n" * 5000 + b"last\n")
    text = last_output(place(host=tmp_path))
    assert text.endswith("last")
    assert len(text.splitlines()) == 8
    assert "first" not in text
    assert last_output(place()) == ""


def test_the_last_output_is_the_service_s_own(tmp_path):
    secret, folder = tmp_path / "secret", tmp_path / "services/db"
    secret.write_text("nobody's business")
    folder.mkdir(parents=True)
    (folder / "log").symlink_to(secret)
    assert last_output(place(host=folder)) == ""
    (folder / "log").unlink()
    os.mkfifo(folder / "log")
    assert last_output(place(host=folder)) == ""


def test_sockets_lie_in_the_box_s_own_folder_where_names_are_short_enough():
    folder = socket_folder(place())
    assert folder.path == "/tmp/db"
    folder.clear()
    long = socket_folder(place(tmp="/home/somebody/.cache/" + "x" * 80))
    assert long.path.startswith("/tmp/fairlead-")
    assert len(long.path) < 80
    assert long.path != socket_folder(place(tmp="/" + "x" * 80)).path
    long.clear()


def test_a_missing_postgres_says_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceFailed, match="no server programs found") as caught:
        find_postgres((f"{tmp_path}/*/bin",))
    assert f"looked in PATH, {tmp_path}/*/bin" in caught.value.message
    assert "apt install postgresql" in caught.value.hint


def test_the_newest_postgres_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for version, names in (("9.6", 2), ("15", 2), ("16", 1)):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for name in ("postgres", "initdb")[:names]:
            (folder / name).touch(mode=0o755)
    found = find_postgres((f"{tmp_path}/*/bin",))
    assert found == tmp_path / "15" / "bin"


def test_one_on_the_path_goes_first(monkeypatch, tmp_path):
    for name in ("postgres", "initdb"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_postgres() == tmp_path


def test_versions_are_compared_as_numbers():
    assert _version(Path("/usr/lib/postgresql/15/bin")) > _version(
        Path("/usr/lib/postgresql/9.6/bin")
    )


def test_the_greeting_to_postgres_is_as_long_as_it_says():
    assert int.from_bytes(_HELLO[:4], "big") == len(_HELLO)
    assert _HELLO[4:8] == b"\0\3\0\0"
    assert _HELLO.endswith(b"\0\0")


def test_a_project_s_own_programs_start_last(monkeypatch, tmp_path):
    order = []

    def start(one):
        order.append(one.service.name)
        raise_after = ServiceFailed("enough")
        if len(order) == 2:
            raise raise_after
        running = SimpleNamespace(kill=lambda: None, close=lambda: None)
        return SimpleNamespace(place=one, running=running, env=(), clear=lambda: None)

    for kind in KINDS:
        monkeypatch.setitem(KINDS, kind, start)
    services = (Service(name="web", kind="command"), Service(name="db", kind="postgres"))
    with pytest.raises(ServiceFailed, match="enough"):
        start_all(services, None, tmp_path, "/i", tmp_path, {})
    assert order == ["db", "web"]
