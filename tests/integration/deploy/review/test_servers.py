"""What gunicorn does for the shop, uvicorn and uWSGI do too; and a whole deployment under TLS."""

import json
import subprocess

import pytest

from machines.loading import Load
from machines.shop import Shop, locked

_EVENTED = """\
import asyncio, json, os
{wrong}
BEGUN = []


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        BEGUN.append(True)
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        await send({{"type": "lifespan.shutdown.complete"}})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body")
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    told = {{"version": os.environ["RELEASE_VERSION"], "scheme": scope["scheme"]}}
    answer = body or json.dumps(told).encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    status = 200 if BEGUN else 500
    await send({{"type": "http.response.start", "status": status, "headers": headers}})
    await send({{"type": "http.response.body", "body": answer}})
"""

_PACKED = """\
import json, os, time
{wrong}

def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    told = {{"version": os.environ["RELEASE_VERSION"], "scheme": environ["wsgi.url_scheme"]}}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    answer = body or json.dumps(told).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""

_PIPELINE = """\
jobs: {{nothing: "true"}}
release: {{lock: requirements.txt, python: 3.11}}
environments:
  evented:
    domain: evented.example
    tls: &tls {{certificate: /etc/ssl/pair.pem, key: /etc/ssl/pair.key}}
    app: {{name: evented, target: "evented:application", interface: asgi, server: uvicorn,
          processes: 2}}
    hosts: [{{address: {0}, user: deploy, manager: systemd}}]
    health: &health {{path: /health, version: "json:version"}}
    watch: &watch {{for: 1 s, requests: 10}}
    provision: &wanted {{ntp: false, upgrades: false}}
  packed:
    domain: packed.example
    tls: *tls
    app: {{name: packed, target: "packed:application", server: uwsgi, processes: 2, threads: 4}}
    hosts: [{{address: {1}, user: deploy, manager: supervisor}}]
    health: *health
    watch: *watch
    provision: *wanted
"""


@pytest.fixture(scope="module")
def project(staging, tmp_path_factory):
    """A project with two good releases, 1 and 2, and 3, which cannot be imported."""
    made = Shop(tmp_path_factory.mktemp("servers") / "project", staging.machines)
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main")
    made.write("fairlead.yml", _PIPELINE.format(*(one.address for one in staging.machines)))
    made.write("requirements.txt", locked("uvicorn", "click", "h11"))
    made.write(".gitignore", ".fairlead/\n")
    made.versions = {}
    for number in (1, 2, 3):
        wrong = "import a_module_that_is_not_there" if number == 3 else f"NUMBER = {number}"
        made.write("evented.py", _EVENTED.format(wrong=wrong))
        made.write("packed.py", _PACKED.format(wrong=wrong))
        made.git("add", "--all")
        made.git("commit", "-q", "-m", f"Release {number}")
        made.versions[number] = made.git("rev-parse", "HEAD")[:12]
        done = staging.desk.fairlead("package", cwd=made.folder, online=True)
        assert done.returncode == 0, done.stdout
    return made


@pytest.fixture(scope="module")
def certificate(staging, tmp_path_factory):
    """One that vouches for itself alone; it is on the machines, with its key."""
    folder = tmp_path_factory.mktemp("pair")
    argv = (
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *(
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=example",
            "-addext",
            "subjectAltName=DNS:evented.example,DNS:packed.example",
        ),
        *("-keyout", "pair.key", "-out", "pair.pem"),
    )
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    for machine in staging.machines:
        for file in ("pair.key", "pair.pem"):
            machine.run(f"cat >/etc/ssl/{file}", text=(folder / file).read_text())
    return folder / "pair.pem"


@pytest.fixture
def carried(staging, project):
    """Our program in that project; what it said, once it ended as it should."""

    def run(*words, code=0):
        done = staging.desk.fairlead(*words, cwd=project.folder)
        assert done.returncode == code, done.stdout
        return done.stdout

    return run


@pytest.mark.parametrize("name", ["evented", "packed"])
def test_it_is_deployed_switched_and_taken_back(
    staging, project, carried, certificate, name, tmp_path
):
    machine = staging.machines[name == "packed"]
    carried("provision", name, "--yes")
    carried("deploy", name, "--release", "1", "--force", "--plain")
    told = {"rate": 60, "host": f"{name}.example", "ca": certificate}
    with Load(machine.network, machine.address, 443, tmp_path / "load", **told) as load:
        for words, code in (
            (("deploy", name, "--release", "2", "--force", "--plain"), 0),
            (("deploy", name, "--release", "3", "--force", "--plain"), 1),
            (("rollback", name, "--plain"), 0),
        ):
            carried(*words, code=code)
            load.flow(20)
    first, second = project.versions[1], project.versions[2]
    assert not load.failed, load.told()
    assert load.releases == [first, second]
    assert load.requests[-1].release == first
    (status,) = json.loads(carried("status", name, "--json"))
    assert [(host["version"], host["healthy"]) for host in status["hosts"]] == [(first, True)]
    carried("provision", name, "--check")
    trusting = f"--resolve {name}.example:443:127.0.0.1 --cacert /etc/ssl/pair.pem"
    body = machine.run(f"curl -s {trusting} https://{name}.example/")
    assert json.loads(body) == {"version": first, "scheme": "https"}
    where = f"curl -s -o /dev/null -w '%{{http_code}} %{{redirect_url}}' -H 'Host: {name}.example'"
    assert machine.run(f"{where} http://127.0.0.1/a?b") == f"301 https://{name}.example/a?b"
    assert staging.live(machine), "what else lives there goes on"
