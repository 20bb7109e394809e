"""Deploying by a server, from the command line of somebody else's machine."""

import base64
import json
import time

PIPELINE = """\
jobs:
  unit:
    python: none
    run: "true"
environments:
  production:
    provider: script
    branch: main
    options:
      deploy: 'echo "now $RELEASE_VERSION"; printf %s "$RELEASE_VERSION" > {live}; test ! -e {bad}'
      rollback: 'printf %s "$RELEASE_VERSION" > {live}'
      status: cat {live} || true
"""


def push(person, *args):
    basic = base64.b64encode(f"person:{person.token}".encode()).decode()
    header = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    return person.git("push", *args, "origin", "HEAD", **header)


def commit(person, text):
    (person.folder / "note").write_text(text)
    person.git("add", "-A")
    person.git("commit", "-qm", text)
    return person.git("rev-parse", "HEAD")[:12]


def test_a_server_deploys_goes_back_and_says_so_here(person, serving, tmp_path):
    live, bad = tmp_path / "live", tmp_path / "bad"
    serving.stop()
    serving.env |= {"FAIRLEAD_DEPLOY_SCRIPTS": "true"}
    serving.start()
    person.token = serving.token("read", "build", "push", "deploy")
    person("login", serving.url, given=person.token)
    (person.folder / "fairlead.yml").write_text(PIPELINE.format(live=live, bad=bad))
    first = commit(person, "one")
    push(person)
    wait_for_environment(person, serving)

    done = person("deploy", "production", "--server", serving.url, "--plain")
    assert f"deploy 1 to production: {serving.url}/p/shop/deployments/1/" in done.err
    assert first in done.out
    assert "✓ live" in done.out
    assert live.read_text() == first

    second = commit(person, "two")
    said = push(person, "-o", "deploy=production")
    assert f"deployment 2 to production: {serving.url}/p/shop/deployments/2/" in said
    end = time.monotonic() + 120
    while live.read_text() != second:
        assert time.monotonic() < end
        time.sleep(0.1)
    events = person("rollback", "production", "--server", serving.url, "--events").out
    told = [json.loads(line) for line in events.splitlines()]
    assert (told[-1]["event"], told[-1]["outcome"]) == ("deploy_finished", "live")
    assert live.read_text() == first

    bad.touch()
    refused = person("deploy", "production", "--server", serving.url, "--branch", "main", code=1)
    assert f"now {second}" in refused.out
    assert "✓ live" not in refused.out
    unknown = person("deploy", "prodution", "--server", serving.url, code=2)
    assert "did you mean production?" in unknown.err


def wait_for_environment(person, serving):
    import httpx

    header = {"Authorization": f"Bearer {person.token}"}
    end = time.monotonic() + 120
    while True:
        assert time.monotonic() < end
        told = httpx.get(f"{serving.url}/api/v1/projects/shop/environments", headers=header)
        if told.json()["items"]:
            return
        time.sleep(0.2)
