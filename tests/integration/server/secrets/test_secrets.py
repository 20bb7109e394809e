"""Secrets of projects: kept sealed, given to workers for running trusted builds, to nobody else."""

import httpx
import msgspec
import pytest

from fairlead.errors import FairleadError, NotFound
from fairlead.model import Trigger

VALUE = "correct horse battery"


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="bank")


@pytest.fixture
def secret(project):
    from fairlead.server.services import secrets

    secrets.put(project, "API_KEY", VALUE)


@pytest.fixture
def build(project):
    """Makes a build in some state."""

    def make(state="running", *, trusted=True):
        from fairlead.server.services.builds import create
        from fairlead.server.store.models import Build

        made = create(project, Trigger(event="api", commit="a" * 40, trusted=trusted))
        Build.objects.filter(pk=made.pk).update(state=state)
        return made

    return make


@pytest.fixture
def ask(database):
    """Asks for a build's secrets with a token of some scopes."""
    from django.test import Client

    from fairlead.server.services import tokens

    def send(key, *scopes, **more):
        headers = {}
        if scopes:
            headers = {"Authorization": f"Bearer {tokens.issue('t', scopes, **more)[1]}"}
        return Client(SERVER_NAME="localhost").get(f"/internal/secrets/{key}", headers=headers)

    return send


def test_rows_hold_no_values_and_each_opens_in_its_own_alone(project, secret):
    from django.conf import settings

    from fairlead.server.secrets.reading import of_project
    from fairlead.server.services import secrets
    from fairlead.server.store.models import Project, Secret

    assert VALUE.encode() not in bytes(Secret.objects.get().sealed)
    assert of_project(settings.FAIRLEAD, project.pk) == {"API_KEY": VALUE}
    assert not secrets.put(project, "API_KEY", "another")
    assert of_project(settings.FAIRLEAD, project.pk) == {"API_KEY": "another"}
    thief = Project.objects.create(name="thief")
    Secret.objects.update(project=thief)
    with pytest.raises(FairleadError, match="cannot be opened"):
        of_project(settings.FAIRLEAD, thief.pk)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "x") for name in ("A B", "A=x", "1A", "É", "", "A\n")),
        *(("A", value) for value in ("", "a\0b", "\udce9", "x" * 65_537)),
    ],
)
def test_what_cannot_be_a_secret(project, name, value):
    from fairlead.server.services import secrets
    from fairlead.server.store.models import Secret

    with pytest.raises(FairleadError):
        secrets.put(project, name, value)
    assert not Secret.objects.exists()


def test_what_is_not_there_cannot_be_forgotten(project, secret):
    from fairlead.server.services import secrets

    secrets.remove(project, "API_KEY")
    with pytest.raises(NotFound):
        secrets.remove(project, "API_KEY")


def test_a_worker_gets_those_of_a_trusted_build_that_runs(secret, build, ask):
    answer = ask(build().pk, "worker")
    assert answer.json() == {"API_KEY": VALUE}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("scopes", [(), ("admin",), ("read", "build", "push")])
def test_nobody_else_gets_any(secret, build, ask, scopes):
    answer = ask(build().pk, *scopes)
    assert answer.status_code == 403
    assert VALUE not in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "trusted"), [("running", False), ("queued", True), ("passed", True)]
)
def test_other_builds_have_none(secret, build, ask, state, trusted):
    assert ask(build(state, trusted=trusted).pk, "worker").status_code == 404
    assert ask(99, "worker").status_code == 404


def test_a_worker_elsewhere_asks_and_waits_for_a_web_node(secret, build, monkeypatch):
    from django.conf import settings
    from django.test import Client

    from fairlead.server.secrets import reading
    from fairlead.server.store.models import Secret

    told = msgspec.structs.replace(
        settings.FAIRLEAD, url="http://web.example", worker_token="w" * 30
    )
    monkeypatch.setattr(settings, "FAIRLEAD", told)
    trouble = [httpx.ConnectError("away"), httpx.Response(502)]

    def get(url, headers, timeout):
        if trouble:
            if isinstance(found := trouble.pop(0), Exception):
                raise found
            return found
        path = url.removeprefix("http://web.example")
        answer = Client(SERVER_NAME="localhost").get(path, headers=headers)
        return httpx.Response(answer.status_code, content=answer.content)

    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(reading, "_PAUSE", 0.0)
    assert reading.for_worker(told, build(), alone=True) == {"API_KEY": VALUE}
    assert not trouble
    wrong = msgspec.structs.replace(told, worker_token="another")
    with pytest.raises(FairleadError, match="does not give this worker"):
        reading.for_worker(wrong, build(), alone=True)
    Secret.objects.update(sealed=b"")
    with pytest.raises(FairleadError, match="API_KEY of project 1 cannot be opened"):
        reading.for_worker(told, build(), alone=True)
    trouble.append(httpx.ConnectError("away"))
    monkeypatch.setattr(reading, "_PATIENCE", -1.0)
    with pytest.raises(FairleadError, match="cannot be had from"):
        reading.for_worker(told, build(), alone=True)


def test_the_key_to_hosts_is_for_deployments_alone(secret, project, build, ask):
    from django.conf import settings

    from fairlead.model.environment import App, Environment, Host
    from fairlead.server.secrets.reading import DEPLOY_KEY, deploy_key, of_project
    from fairlead.server.services import secrets
    from fairlead.server.services.environments import renew
    from fairlead.server.store.models import Deployment

    secrets.put(project, DEPLOY_KEY, "a private key")
    assert ask(build().pk, "worker").json() == {"API_KEY": VALUE}
    assert of_project(settings.FAIRLEAD, project.pk) == {"API_KEY": VALUE}
    assert deploy_key(settings.FAIRLEAD, project.pk) == "a private key"
    host = Host(address="one.example.org")
    named = Environment(name="prod", hosts=(host,), app=App(name="a"), secrets=("API_KEY",))
    renew(project, [named], "")
    row = Deployment.objects.create(
        project=project, environment=project.environments.get(), number=1, state="running"
    )
    answer = ask(f"deployment/{row.pk}", "worker")
    assert answer.json() == {DEPLOY_KEY: "a private key"}, "no trusted release: no more than that"
    Deployment.objects.update(state="live")
    assert ask(f"deployment/{row.pk}", "worker").status_code == 404
    secrets.remove(project, DEPLOY_KEY)
    assert deploy_key(settings.FAIRLEAD, project.pk) == ""
