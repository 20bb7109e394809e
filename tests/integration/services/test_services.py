"""Real services beside real commands: reachable, private to the job, gone afterwards."""

import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fairlead.errors import ServiceFailed
from fairlead.model import Service
from fairlead.runner.services.programs import find_postgres

POSTGRES = Service(name="db", kind="postgres")
REDIS = Service(name="redis", kind="redis")


def present(program):
    if program == "postgres":  # beside PATH on Debian, where it is looked for
        try:
            return bool(find_postgres())
        except ServiceFailed:
            return False
    return bool(shutil.which(program))


def needs(*programs):
    missing = [name for name in programs if not present(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@needs("psql", "postgres")
@pytest.mark.parametrize("network", ["none", "full"])
class TestPostgres:
    def test_steps_can_use_it(self, jobs, network):
        job = jobs.open(network)
        with_it = jobs.start(job, POSTGRES)
        script = """
            psql -Atc 'select 6 * 7'
            psql "$DATABASE_URL" -Atc 'create table t (a text)' -c "insert into t values ('é')"
            psql -At -c 'select a, length(a) from t'
            createdb other && psql -At other -c 'select current_database()'
        """
        code, text = jobs.run(job, script, with_it.env)
        assert text.splitlines() == ["42", "CREATE TABLE", "INSERT 0 1", "é|1", "other"]
        assert code == 0
        assert [name for name, _ in with_it.seconds] == ["db"]
        with_it.close()
        code, _ = jobs.run(job, "psql -Atc 'select 1' 2>&1", with_it.env)
        assert code != 0

    def test_others_cannot(self, jobs, network):
        """Neither another job nor another user of the machine, who has no password."""
        job = jobs.open(network)
        env = dict(jobs.start(job, POSTGRES).env)
        stranger = {name: value for name, value in env.items() if name != "PGPASSWORD"}
        code, text = jobs.run(jobs.open(network), "psql -w -Atc 'select 1' 2>&1", stranger)
        assert code != 0
        assert "password" in text or "refused" in text


@needs("psql", "postgres")
def test_its_socket_can_be_asked_for(jobs):
    job = jobs.open()
    service = Service(name="db", kind="postgres", env=(("MINE", "host={socket} port={port}"),))
    env = jobs.start(job, service).env
    assert jobs.run(job, 'psql "$MINE" -Atc "select 1"', env) == (0, "1\n")


@needs("psql", "postgres")
def test_many_jobs_initialise_it_once(jobs, tmp_path):
    jobs._cache = tmp_path / "a new cache"
    opened = [jobs.open("full") for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        started = list(threads.map(lambda job: jobs.start(job, POSTGRES), opened))
    assert len({dict(one.env)["PGPORT"] for one in started}) == 3
    for job, one in zip(opened, started, strict=True):
        assert jobs.run(job, "psql -Atc 'select 1'", one.env) == (0, "1\n")
    assert len(list(jobs._cache.glob("postgres/*/cluster.tar"))) == 1
    assert [job for job in opened if "initdb" in (job.folder / "db" / "log").read_text()] == []


@needs("redis-server", "redis-cli")
@pytest.mark.parametrize("network", ["none", "full"])
def test_redis(jobs, network):
    job = jobs.open(network)
    env = dict(jobs.start(job, REDIS).env)
    script = 'redis-cli --no-auth-warning -u "$REDIS_URL" '
    assert jobs.run(job, f"{script} set a b; {script} get a", env) == (0, "OK\nb\n")
    port = re.search(r":(\d+)/", env["REDIS_URL"])[1]
    _, text = jobs.run(jobs.open(network), f"redis-cli -p {port} get a 2>&1", {})
    assert "refused" in text or "NOAUTH" in text


@needs("redis-server", "redis-cli")
def test_a_redis_of_an_earlier_job_is_not_there(jobs):
    for _ in range(2):
        job = jobs.open()
        env = jobs.start(job, REDIS).env
        script = 'redis-cli --no-auth-warning -u "$REDIS_URL"'
        assert jobs.run(job, f"{script} dbsize; {script} set a b", env) == (0, "0\nOK\n")
        job.box.close()


SERVER = """
python3 - {port} <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"served")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
"""
CLIENT = (
    "python3 -c 'import os, urllib.request; "
    'print(urllib.request.urlopen(os.environ["WEB"]).read().decode())\''
)


@needs("python3")
class TestCommand:
    def test_a_port_that_answers_is_ready(self, jobs):
        job = jobs.open()
        env = (("WEB", "http://{host}:{port}/"),)
        service = Service(name="web", kind="command", command=SERVER, env=env)
        started = jobs.start(job, service)
        assert jobs.run(job, CLIENT, started.env) == (0, "served\n")

    def test_a_check_decides(self, jobs):
        job = jobs.open()
        service = Service(
            name="slow",
            kind="command",
            command='echo "$GREETING" > {folder}/begun; sleep 0.3; touch {folder}/done; sleep 1000',
            ready="test -e {folder}/done",
            env=(("GREETING", "at ${{x}} {folder}"),),
        )
        started = jobs.start(job, service)
        folder = job.folder / "slow"
        assert (folder / "done").exists()
        assert (folder / "begun").read_text() == f"at ${{{{x}}}} {folder}\n"
        assert started.seconds[0][1] >= 0.3

    def test_it_gets_what_other_services_offer(self, jobs):
        if not shutil.which("redis-server"):
            pytest.skip("redis-server is not installed")
        job = jobs.open()
        command = 'echo "$REDIS_URL" > {folder}/url; sleep 1000'
        service = Service(name="web", kind="command", command=command, ready="test -s {folder}/url")
        env = dict(jobs.start(job, service, REDIS).env)
        assert (job.folder / "web" / "url").read_text().strip() == env["REDIS_URL"]

    def test_it_runs_in_the_workspace(self, jobs):
        job = jobs.open()
        service = Service(
            name="here", kind="command", command="touch made; sleep 1000", ready="test -e made"
        )
        jobs.start(job, service)
        assert (job.place / "ws" / "made").exists()

    def test_one_that_is_never_ready_is_an_error_with_its_last_words(self, jobs):
        service = Service(
            name="stuck", kind="command", command="echo waiting for godot; sleep 1000",
            ready="false", timeout=0.5,
        )  # fmt: skip
        with pytest.raises(ServiceFailed, match=r"stuck: not ready within 0.5 s") as caught:
            jobs.start(jobs.open(), service)
        assert "waiting for godot" in str(caught.value)

    def test_one_that_ends_is_an_error_at_once(self, jobs):
        service = Service(
            name="broken", kind="command", command="echo no such luck >&2; exit 9", ready="false"
        )
        began = time.monotonic()
        with pytest.raises(ServiceFailed, match="broken: ended with 9") as caught:
            jobs.start(jobs.open(), service)
        assert "no such luck" in str(caught.value)
        assert time.monotonic() - began < service.timeout

    def test_nobody_waits_for_one_once_the_job_is_cancelled(self, jobs):
        token = f"9{time.monotonic_ns() % 10**9}"
        service = Service(
            name="slow", kind="command", command=f"exec sleep {token}", ready="false", timeout=9000
        )
        with pytest.raises(ServiceFailed, match="slow: not waited for: interrupted"):
            jobs.start(jobs.open(), service, stop=lambda: "interrupted")
        assert subprocess.run(["pgrep", "-f", f"sleep {token}"], check=False).returncode == 1

    def test_when_one_fails_the_others_end(self, jobs):
        job = jobs.open()
        token = f"9{time.monotonic_ns() % 10**9}"
        services = (
            Service(name="good", kind="command", command=f"exec sleep {token}"),
            Service(name="bad", kind="command", command="exit 1", ready="false"),
        )
        with pytest.raises(ServiceFailed, match="bad"):
            jobs.start(job, *services)
        assert subprocess.run(["pgrep", "-f", f"sleep {token}"], check=False).returncode == 1


def test_an_unknown_kind_and_an_empty_command_are_errors(jobs):
    job = jobs.open()
    with pytest.raises(ServiceFailed, match="unknown kind of service 'oracle'"):
        jobs.start(job, Service(name="db", kind="oracle"))
    with pytest.raises(ServiceFailed, match="web: a service needs a command"):
        jobs.start(job, Service(name="web", kind="command"))


def test_a_missing_program_is_an_error_with_a_hint(jobs, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceFailed, match="redis: no server program found") as caught:
        jobs.start(jobs.open(), REDIS)
    assert "apt install redis-server" in caught.value.hint
