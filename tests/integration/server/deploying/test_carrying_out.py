"""From a push to what is live, with a real worker, real releases, and commands that deploy."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

AGENT = Path(__file__).with_name("agent.py")
QUICK = {
    "HEARTBEAT": "0.5",
    "STALLED": "6",
    "REAP": "0.5",
    "GRACE": "1",
    "LEASE": "5",
    "POLL": "0.5",
}
PIPELINE = """\
python: none
jobs:
  only:
    run: "{run}"
environments:
{environments}
"""
LIVE = """\
  production:
    provider: script
    branch: main
    {more}
    options:
      deploy: "{deploy}"
      rollback: "{deploy}"
      status: "cat {live} || true"
"""


def wait_until(what, seconds=90.0):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.05)
    return value


class Agent:
    def __init__(self, name, url, folder, **more) -> None:
        self.log = folder / f"{name}.log"
        every = {f"FAIRLEAD_EVERY_{key}": value for key, value in QUICK.items()}
        told = {
            "FAIRLEAD_DATABASE_URL": url,
            "FAIRLEAD_HOME": str(folder / "home"),
            "FAIRLEAD_CONFIG": str(folder / "config"),
            "FAIRLEAD_SLOTS": "1",
            "FAIRLEAD_DEPLOY_SCRIPTS": "true",
        }
        with self.log.open("ab") as log:
            environ = {**os.environ, **told, **every, **more}
            self.process = subprocess.Popen([sys.executable, AGENT, name], env=environ, stderr=log)

    def end(self, number=signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def agents(database, tmp_path):
    started = []

    def start(name, **more):
        from fairlead.server.store.models import Worker

        started.append(Agent(name, database, tmp_path, **more))
        wait_until(lambda: Worker.objects.filter(name=name, deploys=True).exists())
        return started[-1]

    yield start
    for agent in started:
        sys.stderr.write(agent.log.read_text())
        if agent.process.poll() is None:
            agent.end()


class Bank:
    """A project whose deployment is a command; ``live`` is the file that it writes."""

    def __init__(self, folder):
        from fairlead.server.store.models import Project

        self.folder, self.live = folder / "bank", folder / "live"
        self.go = folder / "go"
        self.folder.mkdir()
        self.project = Project.objects.create(name="bank", url=str(self.folder))
        self.git("init", "-q", "-b", "main")

    def git(self, *words):
        who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        argv = ("git", "-C", str(self.folder), *who, *words)
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, *, deploy="", more="automatic: true", run="true", environments=""):
        command = deploy or f"printf %s $RELEASE_VERSION > {self.live}"
        text = environments or LIVE.format(deploy=command, live=self.live, more=more)
        pipeline = PIPELINE.format(run=run, environments=text)
        (self.folder / "fairlead.yml").write_text(pipeline)
        return self.commit()

    def commit(self, text="More"):
        (self.folder / "note").write_text(f"{time.monotonic()}")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")

    def push(self, branch="main", **more):
        from fairlead.model import Trigger
        from fairlead.server.services.builds import Wish, create

        commit = self.git("rev-parse", "HEAD")
        told = {"event": "push", "branch": branch, "commit": commit, "trusted": True, **more}
        return create(self.project, Trigger(**told), Wish())

    def deployment(self, number, *states, seconds=90.0):
        from fairlead.server.store.models import Deployment

        def look():
            found = Deployment.objects.listed().filter(project=self.project, number=number).first()
            return found if found and found.state in states else None

        return wait_until(look, seconds)


@pytest.fixture
def bank(database, tmp_path):
    return Bank(tmp_path)


def service():
    from fairlead.server.services import deployments

    return deployments


def ask(environment, **wanted):
    from fairlead.server.services.choosing import Wanted

    return service().ask(environment, Wanted(**wanted), "ada")


def test_a_green_push_is_live_and_back_and_forth(agents, bank):
    from fairlead.server.store.models import Environment, Release

    agents("one")
    first = bank.write()
    bank.push()
    deployment = bank.deployment(1, "live", "refused", "failed")
    assert (deployment.state, deployment.by) == ("live", "automatic"), deployment.sentence
    assert bank.live.read_text() == first[:12]
    environment = Environment.objects.get(name="production")
    assert (environment.live_version, environment.live_commit) == (first[:12], first)
    release = Release.objects.get(number=1)
    assert (release.state, release.verdict, deployment.release) == ("ready", "passed", release)
    assert release.read_manifest().commit == first
    assert deployment.committed is not None
    phases = dict(deployment.phases.values_list("phase", "state"))
    assert phases["switch"] == "passed"
    second = bank.write()
    bank.push()
    bank.deployment(2, "live")
    assert bank.live.read_text() == second[:12]
    environment.refresh_from_db()
    service().roll_back(environment, "ada")
    back = bank.deployment(3, "live")
    assert (back.kind, bank.live.read_text()) == ("rollback", first[:12])


def test_a_red_build_and_a_proposed_change_make_nothing(agents, bank):
    from fairlead.server.store.models import Build, Deployment, Release

    agents("one")
    bank.write()
    bank.push()
    bank.deployment(1, "live")
    bank.write(run="false")
    red = bank.push()
    bank.write()
    proposed = bank.push(event="pull_request", pull_request="7", trusted=True)
    done = Build.objects.filter(pk__in=[red.pk, proposed.pk], state__in=("passed", "failed"))
    wait_until(lambda: done.count() == 2)
    time.sleep(1)
    assert (Release.objects.count(), Deployment.objects.count()) == (1, 1)


def test_a_command_that_fails_puts_back_what_was(agents, bank):
    from fairlead.server.store.models import Environment

    agents("one")
    first = bank.write()
    bank.push()
    bank.deployment(1, "live")
    command = f"printf %s $RELEASE_VERSION > {bank.live}; echo no room >&2; test ! -e {bank.go}"
    bank.go.touch()
    text = LIVE.format(deploy=command, live=bank.live, more="automatic: true")
    text = text.replace(f'rollback: "{command}"', f'rollback: "printf back > {bank.live}"')
    bank.write(environments=text)
    bank.push()
    deployment = bank.deployment(2, "rolled back", "failed", "refused")
    assert (deployment.state, bank.live.read_text()) == ("rolled back", "back")
    assert Environment.objects.get().live_version == first[:12]
    assert "no room" in "".join(deployment.written.values_list("text", flat=True))


def test_secrets_reach_the_command_and_nothing_else(agents, bank):
    from fairlead.server.services import secrets

    agents("one")
    value = "two\nlines 'and' \"quotes\""
    secrets.put(bank.project, "KEY", value)
    command = f"printf %s $KEY > /dev/stderr; printf %s $KEY > {bank.live}"
    bank.write(deploy=command.replace("$KEY", '\\"$KEY\\"'), more="secrets: [KEY]")
    bank.push()
    wait_until(bank.project.environments.exists)
    wait_until(lambda: bank.project.releases.filter(state="ready").exists())
    ask(bank.project.environments.get(), release=1)
    deployment = bank.deployment(1, "live", "refused", "failed")
    assert bank.live.read_text() == value, deployment.sentence
    written = "".join(deployment.written.values_list("text", flat=True))
    assert "quotes" not in written


def test_a_missing_secret_is_told_before_anything_happens(agents, bank):
    agents("one")
    bank.write(more="secrets: [KEY]\n    automatic: true")
    bank.push()
    deployment = bank.deployment(1, "refused")
    assert "no secret KEY" in deployment.sentence
    assert not bank.live.exists()


def test_commands_are_refused_where_nobody_allowed_them(agents, bank):
    agents("one", FAIRLEAD_DEPLOY_SCRIPTS="false")
    bank.write()
    bank.push()
    assert "runs no commands" in bank.deployment(1, "refused").sentence
    assert not bank.live.exists()


def test_a_broken_list_of_environments_leaves_the_one_before(agents, bank):
    from fairlead.server.store.models import Build, Environment

    agents("one")
    bank.write()
    bank.push()
    bank.deployment(1, "live")
    bank.write(environments="  production: {provider: pigeon}")
    bank.push()
    build = Build.objects.order_by("-id").first()
    wait_until(lambda: Build.objects.get(pk=build.pk).notices)
    assert "fairlead.yml:" in Build.objects.get(pk=build.pk).notices[0]
    assert Environment.objects.get().read().provider == "script"


def test_one_at_a_time_and_a_running_one_stops_where_it_is_told_to(agents, bank):
    from fairlead.server.store.models import Environment, Release

    agents("one")
    slow = f"touch {bank.live}; while test ! -e {bank.go}; do sleep 0.05; done"
    bank.write(deploy=slow, more="automatic: false")
    bank.push()
    wait_until(lambda: Release.objects.filter(state="ready").exists())
    environment = Environment.objects.get()
    ask(environment, release=1)
    running = bank.deployment(1, "running")
    wait_until(bank.live.exists)
    ask(environment, release=1)
    time.sleep(0.7)
    assert bank.deployment(2, "queued").started is None
    bank.go.touch()
    bank.deployment(1, "live")
    bank.deployment(2, "live")
    bank.go.unlink()
    ask(environment, release=1)
    running = bank.deployment(3, "running")
    wait_until(lambda: running.phases.filter(phase="switch").exists())
    service().cancel(running, "ada")
    # What goes back is the same command: let it, once it was heard that it is to go back.
    wait_until(lambda: running.phases.filter(phase="back").exists())
    bank.go.touch()
    ended = bank.deployment(3, "rolled back", "cancelled", "live")
    assert ended.state in ("rolled back", "cancelled")


def test_a_deployment_does_not_wait_for_builds(agents, bank):
    from fairlead.server.services import builds
    from fairlead.server.store.models import Build, Environment, Release

    agents("one")  # it has one slot for builds
    bank.write(more="automatic: false")
    bank.push()
    wait_until(lambda: Release.objects.filter(state="ready").exists())
    bank.write(run="sleep 600", more="automatic: false")
    build = bank.push()
    wait_until(lambda: Build.objects.get(pk=build.pk).state == "running")
    ask(Environment.objects.get(), release=1)
    bank.deployment(1, "live")
    now = Build.objects.get(pk=build.pk)
    assert now.state == "running"
    builds.cancel(now)


def test_the_deployment_of_a_killed_worker_goes_on_and_its_end_is_heard(agents, bank):
    from fairlead.server.store.models import Environment, Release

    first = agents("one")
    slow = (
        f"while test ! -e {bank.go}; do sleep 0.05; done; printf %s $RELEASE_VERSION > {bank.live}"
    )
    commit = bank.write(deploy=slow, more="automatic: false")
    bank.push()
    wait_until(lambda: Release.objects.filter(state="ready").exists())
    environment = Environment.objects.get()
    ask(environment, release=1)
    running = bank.deployment(1, "running")
    wait_until(lambda: running.phases.filter(phase="switch").exists())
    first.end(signal.SIGKILL)
    agents("two")
    lost = bank.deployment(1, "lost")
    assert lost.sentence == "its worker was lost during switch"
    assert set(lost.phases.values_list("state", flat=True)) == {"passed", "lost"}
    bank.go.touch()
    bank.deployment(1, "live")
    assert bank.live.read_text() == commit[:12]
    environment.refresh_from_db()
    assert environment.live_version == commit[:12]
    ask(environment, release=1)
    bank.deployment(2, "live")


def test_a_deployment_whose_machine_went_down_is_lost_and_the_environment_is_free(agents, bank):
    from fairlead.server.store.models import Environment, Release

    first = agents("one")
    slow = f"while test ! -e {bank.go}; do sleep 0.05; done"
    bank.write(deploy=slow, more="automatic: false")
    bank.push()
    wait_until(lambda: Release.objects.filter(state="ready").exists())
    environment = Environment.objects.get()
    ask(environment, release=1)
    running = bank.deployment(1, "running")
    wait_until(lambda: running.phases.filter(phase="switch").exists())
    child = children(first.process.pid)
    first.end(signal.SIGKILL)
    for process in child:
        os.kill(process, signal.SIGKILL)
    agents("two")
    bank.deployment(1, "lost")
    bank.go.touch()
    ask(environment, release=1)
    bank.deployment(2, "live")


def children(process):
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in path.read_text().split()]


def test_a_release_whose_worker_died_is_made_again(agents, bank):
    from fairlead.server.store.models import Release

    first = agents("one")
    bank.write(more="automatic: false")
    bank.push()
    release = wait_until(lambda: Release.objects.filter(state="running").first())
    first.end(signal.SIGKILL)
    agents("two")
    wait_until(lambda: Release.objects.filter(state="ready").exists())
    release.refresh_from_db()
    assert (release.takeovers, release.reason) == (1, "")


def test_hosts_that_cannot_be_reached_are_named_and_nothing_changed(agents, bank):
    from fairlead.server.store.models import Environment

    agents("one")
    text = (
        "  production:\n    hosts: ['deploy@127.0.0.1:9']\n    branch: main\n"
        "    automatic: true\n    app: {name: bank, run: 'serve $SOCKET'}\n"
    )
    bank.write(environments=text)
    bank.push()
    deployment = bank.deployment(1, "refused", "failed", "lost")
    assert deployment.state == "refused"
    assert "127.0.0.1" in deployment.sentence
    assert deployment.phases.get(phase="connect", state="failed").host.endswith("127.0.0.1:9")
    environment = wait_until(lambda: Environment.objects.exclude(looked=None).first())
    assert environment.hosts[0]["reached"] is False


def test_a_worker_at_rest_has_loaded_nothing_of_what_deploys():
    script = (
        "import os, sys; os.environ['FAIRLEAD_DATABASE_URL'] = 'postgresql://x@/x';"
        "from fairlead.server.setup import setup; setup();"
        "import fairlead.server.serving.work, fairlead.server.engine.afterwards;"
        "print([m for m in sys.modules if m.split('.')[0] in ('asyncssh', 'cryptography')"
        " or m.startswith(('fairlead.release', 'fairlead.deploy.'))])"
    )
    argv = (sys.executable, "-c", script)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fairlead.deploy.order']"
