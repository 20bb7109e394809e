"""One command from nothing to a server, and what happens when its parts die."""

import json
import os
import re
import signal
import socket
import stat
from pathlib import Path

import httpx
import pytest


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def loaded(pid):
    return Path(f"/proc/{pid}/maps").read_text()


def test_a_first_start_makes_everything_and_leaves_nothing_running(start, folder, ready, processes):
    server = start("serve")
    url = server.url()
    assert ready(url)
    link = re.search(r"\S+/welcome/\S+", server.said)[0]
    assert link.startswith(url)
    assert httpx.get(link, follow_redirects=True).status_code == 200
    data = folder / "data"
    assert mode(data / "secret_key") == 0o600
    assert {mode(data / name) for name in ("storage", "repositories")} == {0o700}
    names = set(processes().values())
    assert {"fairlead-web", "fairlead-worker", "postgres"} <= names
    assert "psycopg" in loaded(server.part("web"))
    assert "psycopg" not in loaded(server.pid)  # else it would keep what the parts no longer share
    assert server.end() == 0
    assert server.said.endswith("Stopped.\n")
    assert "Traceback" not in server.said
    assert processes() == {}


def test_a_second_start_has_what_the_first_one_kept(serve, start, folder):
    server, _ = serve()
    assert start("admin", "project", "create", "kept", name="admin").process.wait(60) == 0
    server.end()
    again, _ = serve()
    assert "bringing the tables" not in again.said
    listed = start("admin", "project", "list", name="admin")
    assert listed.process.wait(60) == 0
    assert listed.said.startswith("kept")


@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_part_that_dies_is_started_again(serve, until, ready, part):
    server, url = serve()
    first = until(lambda: server.part(part))
    os.kill(first, signal.SIGKILL)
    until(lambda: server.part(part) not in (0, first))
    until(lambda: ready(url))
    assert f"{part} was ended by signal 9: starting it again" in server.said
    assert server.said.count("Fairlead is at") == 1
    assert server.end() == 0


def test_postgresql_that_dies_is_started_again(serve, until, ready, processes):
    server, url = serve()
    postmaster = min(pid for pid, name in processes().items() if name == "postgres")
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: "starting it again" in server.said)
    until(lambda: ready(url))
    assert server.end() == 0


def test_nothing_outlives_a_server_that_was_killed(serve, until, processes):
    server, _ = serve()
    assert len(processes()) > 3
    server.end(signal.SIGKILL)
    until(lambda: not processes())


def test_it_starts_after_having_been_killed(serve, until):
    server, _ = serve()
    server.end(signal.SIGKILL)
    again, _ = serve()
    assert again.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_ways_to_stop(serve, number, processes):
    server, _ = serve()
    assert server.end(number) == 0
    assert processes() == {}


def test_a_stop_right_at_the_start(start, until, processes):
    server = start("serve")
    until(lambda: any(name == "postgres" for name in processes().values()))
    server.end()
    until(lambda: not processes())


def test_a_stop_while_it_waits_for_a_database(start, until, processes):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = start("serve", DATABASE_URL=f"postgresql://ci@127.0.0.1:{port}/ci")
    until(lambda: "waiting for the database" in server.said)
    assert server.end() == 0
    assert server.said.endswith("Stopped.\n")
    assert processes() == {}


def test_a_second_server_on_the_same_folder_is_refused(serve, start):
    server, _ = serve()
    other = start("serve")
    assert other.process.wait(60) == 2
    assert f"already runs on {server_data(other)} (process {server.pid})" in other.said
    assert "FAIRLEAD_DATA" in other.said


def server_data(server):
    return re.search(r"runs on (\S+)", server.said)[1]


def test_a_port_that_is_taken_is_said_before_anything_is_started(start, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        server = start("serve", "--listen", listen)
        assert server.process.wait(60) == 2
    assert f"error: cannot listen at {listen}: something else on this machine does" in server.said
    assert not (folder / "data" / "postgres").exists()


def test_a_folder_that_cannot_be_written_is_said(start, folder):
    (folder / "data").touch()
    server = start("serve")
    assert server.process.wait(60) == 2
    assert "error: cannot write the data folder" in server.said
    assert "FAIRLEAD_DATA" in server.said


def test_storage_that_cannot_be_written_is_said(start, folder):
    (folder / "file").touch()
    server = start("serve", STORAGE=str(folder / "file/inside"))
    assert server.process.wait(60) == 2
    assert "error: cannot make" in server.said
    assert "FAIRLEAD_STORAGE" in server.said


def test_a_form_of_logs_that_does_not_exist_is_said(start):
    server = start("serve", LOG_FORMAT="xml")
    assert server.process.wait(60) == 2
    assert "one of: text, json" in server.said


def test_events_as_json(serve, until, ready):
    server, url = serve(LOG_FORMAT="json")
    os.kill(until(lambda: server.part("web")), signal.SIGKILL)
    until(lambda: "starting it again" in server.said)
    until(lambda: ready(url))
    server.end()
    events = [json.loads(line) for line in server.said.splitlines() if line.startswith("{")]
    assert {event["part"] for event in events} >= {"serve"}
    assert any("web was ended by signal 9" in event["message"] for event in events)
    assert "welcome" not in json.dumps(events)


def test_as_somebody_without_rights(start, folder, nobody, ready, processes):
    server = start("serve", before=nobody)
    assert ready(server.url())
    assert mode(folder / "data") == 0o700
    assert mode(folder / "data" / "secret_key") == 0o600
    assert server.end() == 0
    assert processes() == {}


def test_a_home_that_nobody_may_write_to(serve, folder):
    (folder / "home").mkdir(mode=0o555)
    server, _ = serve()
    assert list((folder / "home").iterdir()) == []
    assert server.end() == 0


def test_who_is_on_the_same_machine_finds_it(serve, start, folder):
    server, url = serve()
    url = url.rstrip("/")
    told = json.loads((folder / "data" / "serving.json").read_bytes())
    assert (told["url"], told["pid"]) == (url, server.pid)
    elsewhere = {"LISTEN": "127.0.0.1:8600"}
    made = start("admin", "project", "create", "here", name="admin", **elsewhere)
    assert made.process.wait(60) == 0
    assert f"{url}/git/here.git" in made.said
    examined = start("doctor", "--server", name="doctor", **elsewhere)
    assert examined.process.wait(60) == 0
    assert f"{url} answers" in examined.said
    login = start("login", name="login", **elsewhere)  # with nothing on standard input
    assert login.process.wait(60) == 2
    assert "the token is empty" in login.said
    assert server.end() == 0
    assert not (folder / "data" / "serving.json").exists()
    lost = start("login", name="login", **elsewhere)
    assert lost.process.wait(60) == 2
    assert "None runs on this machine" in lost.said


def test_a_name_that_is_not_ours_is_said_to_whoever_asks(serve):
    server, url = serve()
    answer = httpx.get(f"{url}sign-in/", headers={"Host": "ci.example.org"})
    assert answer.status_code == 400
    assert "FAIRLEAD_HOSTS" in answer.text
    assert "ci.example.org" not in server.said
    assert server.end() == 0


def test_who_was_killed_is_not_looked_for(serve, start, folder):
    server, _ = serve()
    server.end(signal.SIGKILL)
    assert (folder / "data" / "serving.json").exists()
    lost = start("login", name="login")
    assert lost.process.wait(60) == 2
    assert "None runs on this machine" in lost.said
