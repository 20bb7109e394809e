"""Pushes that wish to be deployed: who may, what is said, and what waits for the build."""

import pytest

from fairlead.model.environment import App, Environment, Host


@pytest.fixture
def production(hosted):
    from fairlead.server.services.environments import renew

    host = Host(address="one.example.org")
    renew(hosted, [Environment(name="production", hosts=(host,), app=App(name="a"))], "")
    return hosted.environments.get()


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def test_what_is_pushed_waits_for_its_build_and_says_where(production, client, token):
    client.begin()
    url = client.url(secret=token("push", "deploy"))
    said = client("push", "-o", "deploy=production", url, "main").stderr
    deployment = production.deployments.get()
    assert (deployment.build.number, deployment.state, deployment.by) == (1, "queued", "t")
    assert "build 1: http" in said
    assert "deployment 1 to production: http://127.0.0.1:8600/p/sample/deployments/1/" in said
    assert "it waits for build 1" in said


@pytest.mark.parametrize(
    ("scopes", "options", "said"),
    [
        (("push",), ["deploy=production"], "lacks the scope deploy"),
        (("push", "deploy"), ["deploy=prodution"], "did you mean production?"),
        (("push", "deploy"), ["deploy=production", "ci.skip"], "what is not built"),
    ],
)
def test_a_wish_that_cannot_be_granted_refuses_the_push(
    production, client, token, scopes, options, said
):
    client.begin()
    words = [word for option in options for word in ("-o", option)]
    done = client("push", *words, client.url(secret=token(*scopes)), "main", check=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert builds() == []
    assert not production.deployments.exists()


def test_the_rules_are_told_and_the_push_stands(production, client, token, hosted):
    from fairlead.server.services.environments import renew

    host = Host(address="one.example.org")
    rules = Environment(name="production", hosts=(host,), app=App(name="a"), branches=("release",))
    renew(hosted, [rules], "")
    client.begin()
    url = client.url(secret=token("push", "deploy"))
    said = client("push", "-o", "deploy=production", url, "main").stderr
    assert "not deployed to production: production takes branch release" in said
    assert len(builds()) == 1
