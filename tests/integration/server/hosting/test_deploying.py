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


@pytest.fixture
def remote(client, token):
    """The deploy remote of an environment, for a token of these scopes."""

    def url(*scopes, environment="production"):
        return client.url(f"sample/deploy/{environment}", token(*(scopes or ("deploy",))))

    return url


def test_a_deploy_remote_deploys_what_the_project_has(
    production, client, token, remote, told, wait_until
):
    from fairlead.server.hosting import repositories

    first = client.begin()
    second = client.commit("true", "Go on")
    client("tag", "-a", "v1", "-m", "One", first)
    client("push", client.url(secret=token("push")), "main", "v1")
    url = remote()
    wanted = (
        ("main", second),
        ("main", second),
        (f"{first}:refs/heads/main", first),
        ("v1", first),
    )
    for number, (ref, commit) in enumerate(wanted, 1):
        said = client("push", url, ref).stderr
        deployment = production.deployments.get(number=number)
        assert (deployment.commit, deployment.by) == (commit, "t")
        line = f"deployment {number} to production: http://127.0.0.1:8600/p/sample/deployments/"
        assert f"{line}{number}/ (it waits for build " in said
    assert production.deployments.get(number=1).build == production.deployments.get(number=2).build
    at = ("--git-dir", repositories.folder(told, "sample"))
    wait_until(lambda: not client(*at, "for-each-ref", "refs/namespaces").stdout)
    assert client(*at, "rev-parse", "main").stdout.strip() == second


def test_what_a_deploy_remote_refuses_changes_nothing(production, client, token, remote):
    client.begin()
    project = client.url(secret=token("push"))
    client("push", project, "main")
    known = len(builds())
    client.commit("true", "Not pushed")
    client("tag", "v1")
    client("branch", "aside")
    for url, refs, said in (
        (remote(), ["main"], "push it there first: git push http://127.0.0.1:8600/git/sample.git main"),
        (remote(), ["v1"], "sample has no tag 'v1'"),
        (remote(), ["main~1:refs/heads/aside"], "sample has no branch 'aside'"),
        (remote(), ["main~1:refs/heads/main", "aside"], "push one branch or tag here"),
        (remote(environment="prodution"), ["main~1:refs/heads/main"], "did you mean production?"),
        (remote("read", "push"), ["main"], "it lacks the scope deploy"),
    ):  # fmt: skip
        done = client("push", url, *refs, check=False)
        assert done.returncode != 0, refs
        assert said in done.stderr, done.stderr
    assert len(builds()) == known
    client("push", project, "v1~1:refs/tags/v1")
    assert "the tag v1 of sample is another" in client("push", remote(), "v1", check=False).stderr
    assert not production.deployments.exists()
    assert "refs/heads/main" in client("ls-remote", remote("read")).stdout


def test_the_rules_of_the_environment_hold_for_its_remote(
    production, client, token, remote, hosted
):
    from fairlead.server.services.environments import renew

    host = Host(address="one.example.org")
    rules = Environment(name="production", hosts=(host,), app=App(name="a"), branches=("release",))
    renew(hosted, [rules], "")
    client.begin()
    client("push", client.url(secret=token("push")), "main")
    done = client("push", remote(), "main", check=False)
    assert done.returncode != 0
    assert "production takes branch release" in done.stderr
    assert not production.deployments.exists()


def test_a_mirrored_project_has_a_deploy_remote_too(make_hosted, client, token, told):
    import msgspec
    from django.test import override_settings

    from fairlead.server.hosting import mirrors
    from fairlead.server.services.environments import renew

    client.begin()
    url = f"file://{client.folder}"
    project = make_hosted("sample", kind="mirrored", url=url)
    host = Host(address="one.example.org")
    renew(project, [Environment(name="production", hosts=(host,), app=App(name="a"))], "")
    remote = client.url("sample/deploy/production", token("deploy"))
    near = msgspec.structs.replace(told, mirror_protocols=("file",))
    with override_settings(FAIRLEAD=near):
        mirrors.refresh(near, "sample", url)
        commit = client.commit("true", "Go on")
        assert "deployment 1 to production" in client("push", remote, "main").stderr
        client("checkout", "-q", "--detach")
        client.commit("true", "Nowhere")
        refused = client("push", remote, "HEAD:refs/heads/main", check=False)
        assert "push it there first" in refused.stderr
    assert project.environments.get().deployments.get().commit == commit
