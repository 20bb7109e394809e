"""The parts alone, as in a cluster: one PostgreSQL, started by somebody else."""

import json
import re
import socket
from contextlib import contextmanager

import psycopg
import pytest


@pytest.fixture
def elsewhere(postgres):
    """The URL of an empty database on a server of its own."""
    name = "cluster"
    maintenance = postgres.url.replace("/fairlead?", "/postgres?")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.url.replace("/fairlead?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def somewhere():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_nodes_that_start_together_make_the_tables_once(start, elsewhere, until, ready):
    nodes = [start("web", name="web", DATABASE_URL=elsewhere) for _ in range(2)]
    worker = start("worker", "--labels", "py36,deploy", "--jobs", "3", DATABASE_URL=elsewhere)
    scheduler = start("scheduler", DATABASE_URL=elsewhere)
    urls = [node.url() for node in nodes]
    assert all(map(ready, urls))
    everybody = [*nodes, worker, scheduler]
    assert sum("bringing the tables up to date" in part.said for part in everybody) == 1
    assert not any("Traceback" in part.said for part in everybody)

    def heard():
        with psycopg.connect(elsewhere) as connection:
            return connection.execute("SELECT labels, slots FROM store_worker").fetchall()

    assert until(heard) == [(["py36", "deploy"], 3)]
    outside = start("doctor", "--json", "--server", urls[0], DATABASE_URL=elsewhere)
    assert outside.process.wait(60) == 0
    assert json.loads(outside.said)["works"]
    listen = urls[0].removeprefix("http://").rstrip("/")
    inside = start("doctor", "--json", "--server", DATABASE_URL=elsewhere, LISTEN=listen)
    assert inside.process.wait(60) == 0
    found = {finding["name"]: finding for finding in json.loads(inside.said)["findings"]}
    assert "(3 at once)" in found["workers"]["text"]
    assert {found[name]["state"] for name in ("database", "tables", "storage", "clock")} == {"ok"}
    for part in everybody:
        assert part.end() == 0
    assert not heard()


def test_with_a_database_of_ones_own_serve_starts_none(start, elsewhere, ready, processes, folder):
    server = start("serve", DATABASE_URL=elsewhere)
    assert ready(server.url())
    assert "postgres" not in processes().values()
    assert not (folder / "data" / "postgres").exists()
    assert server.end() == 0
    assert processes() == {}


def test_a_worker_waits_for_tables(start, elsewhere, until):
    worker = start("worker", DATABASE_URL=elsewhere)
    until(lambda: re.search(r"waiting for .*: \d+ steps missing", worker.said))
    assert start("admin", "user", "list", DATABASE_URL=elsewhere).process.wait(60) == 0

    def heard():
        with psycopg.connect(elsewhere) as connection:
            return connection.execute("SELECT count(*) FROM store_worker").fetchone()[0]

    until(heard)
    assert worker.end() == 0


def test_a_part_without_a_database_says_what_to_do(start):
    web = start("web")
    assert web.process.wait(60) == 2
    assert "FAIRLEAD_DATABASE_URL" in web.said
    assert "Traceback" not in web.said


def test_a_database_that_refuses_us_is_said_without_the_password(start, postgres):
    nobodys = postgres.url.replace("fairlead@", "stranger:hunter22@")
    web = start("web", DATABASE_URL=nobodys)
    assert web.process.wait(60) == 2
    assert "the database refuses us" in web.said
    assert "hunter22" not in web.said


def test_doctor_says_what_is_wrong(start):
    with somewhere() as listen:
        pass
    outside = start("doctor", "--server", f"http://{listen}")
    assert outside.process.wait(60) == 2
    assert "does not answer" in outside.said
    inside = start("doctor", "--server")
    assert inside.process.wait(60) == 2
    assert "start fairlead serve" in inside.said


def test_administering(start, elsewhere):
    def admin(*words, data=""):
        url = "https://ci.example.org"
        done = start("admin", *words, data=data, DATABASE_URL=elsewhere, URL=url)
        return done.process.wait(60), done.said

    assert admin("user", "list")[0] == 0
    code, link = admin("user", "create", "ada")
    assert code == 0
    assert re.fullmatch(r"https://ci\.example\.org/welcome/\S+/\n", link)
    code, said = admin("user", "create", "ada")
    assert (code, "there is an account ada already" in said) == (2, True)
    code, said = admin("project", "create", "shop", "protected=main,release/**", "skip_built=24")
    assert (code, "git push https://ci.example.org/git/shop.git main" in said) == (0, True)
    code, said = admin("project", "change", "shop", "zone=Europe/Berlin", "drafts=no")
    fields = dict(re.findall(r"^(\w+)(?: +(.*))?$", said, re.MULTILINE))
    named = ("zone", "skip_built", "drafts", "protected", "enabled")
    found = [fields[name] for name in named]
    assert found == ["Europe/Berlin", "24", "False", "main,release/**", "True"]
    code, said = admin("project", "change", "shop", "zone=Mars/Base")
    assert (code, "no such time zone" in said) == (2, True)
    code, said = admin("project", "change", "shop", "zones=UTC")
    assert (code, "does not set a field" in said, "zone" in said) == (2, True, True)
    code, secret = admin("token", "create", "ci", "--scope", "read", "--days", "3", "--user", "ada")
    assert code == 0
    assert re.fullmatch(r"fl_[\w-]{40}\n", secret)
    code, said = admin("token", "list")
    assert re.search(r"^1  ci  read  of ada  for all projects  until ", said)
    assert admin("token", "revoke", "1")[0] == 0
    assert admin("token", "revoke", "1")[0] == 2
    assert admin("project", "create", "bank")[0] == 0
    assert admin("secret", "set", "bank", "API_KEY", data="correct horse\n")[0] == 0
    code, said = admin("secret", "list", "bank")
    assert re.fullmatch(r"API_KEY  set \d{4}-\d\d-\d\d\n", said)
    code, said = admin("secret", "set", "bank", "API_KEY=correct")
    assert (code, "correct" in said) == (2, False)
    assert admin("secret", "remove", "bank", "API_KEY")[0] == 0
    assert admin("secret", "remove", "bank", "API_KEY")[0] == 2
