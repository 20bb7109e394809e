"""Workers on other hosts log in with a role of their own, which is enough for them."""

from signal import SIGKILL
from urllib.parse import urlsplit

import msgspec
import psycopg
import pytest

from fairlead.errors import FairleadError, UsageError

ENDS = ("passed", "failed", "errored", "cancelled")
PIPELINE = """
python: none
jobs:
  only:
    run:
      - |
        echo a line
        echo kept > file
        cat > out.xml <<'X'
        <testsuite name='s'><testcase classname='a' name='good'/></testsuite>
        X
    artifacts: [file]
    reports:
      junit: out.xml
"""


@pytest.fixture
def role(database):
    from fairlead.server.operating.roles import make_worker_role

    return make_worker_role("fairlead_worker")


@pytest.fixture
def ask(role):
    with psycopg.connect(role, autocommit=True) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


def test_a_build_runs_under_it(role, agents, make_project, push, reaches, log_of, wait_until):
    from fairlead.server.store.models import Artifact, LogChunk

    agents("restricted", FAIRLEAD_DATABASE_URL=role)
    project = make_project(pipeline=PIPELINE, concurrency=1, webhook_secret="s")
    builds = [push(project), push(project, branch="other")]
    for build in builds:
        ended = reaches(build, *ENDS)
        assert (ended.state, ended.passed_tests) == ("passed", 1), ended.reason
        assert b"a line" in log_of(ended)
    wait_until(lambda: not LogChunk.objects.exists())
    assert Artifact.objects.count() == 2


def test_what_it_may_not_read_is_said_with_what_to_do(role, agents, make_project, push, reaches):
    agents("restricted", FAIRLEAD_DATABASE_URL=role)
    pipeline = "python: none\njobs:\n  only: {run: 'true', secrets: [KEY]}\n"
    ended = reaches(push(make_project(pipeline=pipeline)), *ENDS)
    assert ended.state == "errored"
    assert "role of the database may not read secrets" in ended.reason
    assert "FAIRLEAD_WORKER_TOKEN" in ended.reason


def test_a_build_that_waits_for_a_web_node_ends_when_it_is_cancelled(
    role, agents, make_project, push, reaches, wait_until
):
    from fairlead.server.services.builds import cancel

    # Nobody answers at that address; without an end to its pauses it would try for minutes.
    nobody = {"FAIRLEAD_URL": "http://127.0.0.1:9", "FAIRLEAD_WORKER_TOKEN": "t"}
    agent = agents("waiting", FAIRLEAD_DATABASE_URL=role, **nobody)
    pipeline = "python: none\njobs:\n  only: {run: 'true', secrets: [KEY]}\n"
    build = push(make_project(pipeline=pipeline))
    wait_until(lambda: "trying again" in agent.said)
    assert cancel(reaches(build, "running"), "changed my mind")
    ended = reaches(build, "cancelled", seconds=60)
    assert ended.reason == "changed my mind"


def test_it_takes_over_from_the_dead(role, agents, make_project, push, reaches):
    project = make_project("sleep 3")
    first = agents("first", FAIRLEAD_DATABASE_URL=role)
    build = push(project)
    reaches(build, "running")
    first.end(SIGKILL)
    agents("second", FAIRLEAD_DATABASE_URL=role)
    ended = reaches(build, *ENDS, seconds=60)
    assert (ended.state, ended.takeovers) == ("passed", 1), ended.reason


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM store_token",
        "SELECT * FROM store_secret",
        "SELECT * FROM auth_user",
        "SELECT * FROM django_session",
        "SELECT * FROM store_delivery",
        "SELECT webhook_secret FROM store_project",
        "SELECT * FROM store_project",
        "UPDATE store_project SET webhook_secret = 'mine'",
        "INSERT INTO store_build (project_id) VALUES (1)",
        "DELETE FROM store_build",
        "INSERT INTO store_token (name) VALUES ('mine')",
        "DELETE FROM django_migrations",
        "CREATE ROLE mine",
        "DROP TABLE store_job",
    ],
)
def test_what_is_not_a_workers_business(ask, statement):
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.DuplicateObject),
        match=r"permission denied|must be owner",
    ):
        ask(statement)


def test_it_can_read_what_builds_need(ask):
    assert ask("SELECT id, name, url, concurrency FROM store_project") == []


def test_again_is_a_new_password(role):
    from django.db import connection

    from fairlead.server.operating.roles import make_worker_role

    def stored():
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'fairlead_worker'")
            return cursor.fetchone()[0]

    before = stored()
    again = make_worker_role("fairlead_worker")
    assert urlsplit(again).username == urlsplit(role).username == "fairlead_worker"
    assert urlsplit(again).password != urlsplit(role).password
    assert stored() != before
    assert stored().startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("name", ["", "Worker", "a b", "x'; DROP", "pg_mine", "ü", "a" * 64])
def test_names(database, name):
    from fairlead.server.operating.roles import make_worker_role

    with pytest.raises(UsageError, match="no name of a role"):
        make_worker_role(name)


def test_the_servers_own_role_is_not_cut_down(database):
    from fairlead.server.operating.roles import make_worker_role

    with pytest.raises(UsageError, match="may do more than a worker"):
        make_worker_role("fairlead")


def test_nobody_reaches_the_embedded_one(database, monkeypatch):
    from django.conf import settings

    from fairlead.server.operating.roles import make_worker_role
    from fairlead.server.postgres import address_of

    told = settings.FAIRLEAD
    url = address_of(told.data / "postgres").url
    monkeypatch.setattr(settings, "FAIRLEAD", msgspec.structs.replace(told, database_url=url))
    with pytest.raises(FairleadError, match="from this machine alone"):
        make_worker_role("fairlead_worker")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://me:pw@db.example.org:5433/fl", "postgresql://w:p%2F@db.example.org:5433/fl"),
        ("host=db dbname=fl sslmode=require", "postgresql://w:p%2F@db/fl?sslmode=require"),
        ("postgresql://[::1]/fl", "postgresql://w:p%2F@[::1]/fl"),
        ("postgresql:///fl?host=/run/pg", "postgresql://w:p%2F@/fl?host=%2Frun%2Fpg"),
    ],
)
def test_its_address_is_that_of_the_same_database(django, url, wanted):
    from fairlead.server.operating.roles import _url

    assert _url(url, "w", "p/") == wanted
