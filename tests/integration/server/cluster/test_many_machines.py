"""Fifty builds on a cluster whose parts are killed, cut off and restarted while they run."""

import subprocess
import threading
import time
from signal import SIGKILL, SIGTERM

import pytest

LINES = 24
CUT = 15.0
"""Seconds for which a worker has no network: more than twice what it may be silent."""

AWAY = 1.5
"""Seconds for which PostgreSQL is not there."""

PROJECTS = {
    "anywhere": [],
    "elsewhere": [],
    "left": ["left"],
    "right": ["right"],
    "alone": ["alone"],
}
"""Names, and the labels that they ask for."""

ROUNDS = [
    [tuple(f"{project}-{number}-{which}" for which in "ab") for project in PROJECTS]
    for number in range(5)
]
"""What is pushed together: pairs of branches, named after their project."""

BRANCHES = sorted(name for pairs in ROUNDS for names in pairs for name in names)
PIPELINE = """\
python: none
jobs:
  only:
    run:
      - |
        {leave} for n in $(seq 1 {lines}); do echo "{name} says $n"; sleep 0.06; done
"""
LEAVE = "sleep 1000 > /dev/null 2>&1 &"
"""Every job leaves a process, which nobody but Fairlead ends."""

VERDICTS = """
CREATE TABLE verdicts (build_id bigint, state text);
CREATE FUNCTION note_verdict() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO public.verdicts VALUES (NEW.id, NEW.state); RETURN NEW; END $$;
CREATE TRIGGER note_verdict AFTER UPDATE OF state ON store_build FOR EACH ROW
  WHEN (OLD.state <> NEW.state
        AND (OLD.state NOT IN ('queued', 'running') OR NEW.state NOT IN ('queued', 'running')))
  EXECUTE FUNCTION note_verdict()
"""
"""Notes each change of a build's state from or to one that is for good."""

AT_WORK = """
SELECT DISTINCT b.id FROM store_build b JOIN store_worker w ON w.id = b.worker_id
  JOIN store_job j ON j.build_id = b.id JOIN store_attempt a ON a.job_id = j.id
  JOIN store_logchunk c ON c.attempt_id = a.id
WHERE b.state = 'running' AND w.name = %s
"""
"""Builds that run on a worker and have said something."""

BUILDS = """
SELECT b.branch, b.commit, b.state, b.takeovers, b.reason, p.name, b.number
FROM store_build b JOIN store_project p ON p.id = b.project_id
"""


class Person:
    """Pushes branches, each with one commit, and tries again where the server is away."""

    def __init__(self, cluster) -> None:
        self._cluster, self._host = cluster, cluster.hosts["person"]
        self._work = self._host.folder / "work"
        self._threads = []
        subprocess.run(("git", "init", "-q", self._work), check=True)
        stream = "".join(map(_commit, BRANCHES))
        self._git("fast-import", "--quiet", text=stream)

    def commits(self):
        """The commit of each branch."""
        listed = self._git("for-each-ref", "--format=%(refname:short) %(objectname)")
        return dict(line.split() for line in listed.splitlines())

    def push(self, pairs):
        """Push branches to the projects that they are named after, beside all else."""
        thread = threading.Thread(target=lambda: [self._push(*names) for names in pairs])
        thread.start()
        self._threads.append(thread)

    def wait(self):
        """Until all was pushed."""
        for thread in self._threads:
            thread.join()

    def _push(self, *names):
        url = f"{self._cluster.url}/git/{names[0].partition('-')[0]}.git"
        url = url.replace("://", f"://ada:{self._cluster.secret}@")
        env = self._cluster.environment("person") | {"GIT_TERMINAL_PROMPT": "0"}
        slow = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30")
        argv = ("git", "-C", self._work, *slow, "push", "-q", url, *names)
        for _ in range(200):
            if self._host.try_to_run(*argv, env=env).returncode == 0:
                return
            time.sleep(0.5)

    def _git(self, *words, text=""):
        argv = ("git", "-C", self._work, *words)
        done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout


def _commit(name):
    text = PIPELINE.format(lines=LINES, name=name, leave=LEAVE)
    return (
        f"commit refs/heads/{name}\ncommitter Ada <ada@example.org> 1700000000 +0000\n"
        f"data {len(name)}\n{name}\nM 100644 inline fairlead.yml\ndata {len(text)}\n{text}\n"
    )


@pytest.fixture
def person(cluster):
    cluster.prepare(PROJECTS)
    cluster.database.ask(VERDICTS)
    person = Person(cluster)
    yield person
    person.wait()


@pytest.fixture
def at_work(cluster, until):
    """Waits until a worker has builds that have said something."""

    def wait(name):
        until(lambda: _at_work(cluster, name))

    return wait


@pytest.fixture
def passed_on(cluster, until):
    """Waits until builds have been given to other workers, or had just ended."""

    def wait(builds):
        taken = (
            "SELECT id FROM store_build WHERE takeovers > 0 OR state NOT IN ('queued', 'running')"
        )
        until(lambda: builds <= {build for (build,) in cluster.database.ask(taken)})

    return wait


@pytest.fixture
def all_ended(cluster, until):
    """Waits until every build has its verdict and every log is one file."""

    def wait():
        ask = cluster.database.ask
        ended = "SELECT count(*) FROM store_build WHERE state NOT IN ('queued', 'running')"
        until(lambda: ask(ended) == [(len(BRANCHES),)])
        until(lambda: ask("SELECT count(*) FROM store_logchunk") == [(0,)])

    return wait


def test_fifty_builds_while_parts_die(cluster, person, at_work, passed_on, all_ended, until):
    rounds = iter(ROUNDS)
    person.push(next(rounds))
    at_work("worker1")
    cluster.parts["worker1"].end(SIGKILL)
    lost = _at_work(cluster, "worker1")
    until(lambda: not cluster.hosts["worker1"].processes())

    person.push(next(rounds))
    busy, other = sorted(cluster.nodes, key=_pushes_to(cluster), reverse=True)
    cluster.parts[busy].end(SIGKILL)
    cluster.start_worker("worker1")

    person.push(next(rounds))
    lost |= _cut_off(cluster, "worker2", at_work)
    end_of_cut = time.monotonic() + CUT
    passed_on(lost)
    until(lambda: not cluster.jobs_on("worker2"))
    until(lambda: _pushes_to(cluster)(other))
    cluster.start_web(busy)
    time.sleep(max(0.0, end_of_cut - time.monotonic()))
    cluster.network.cable("worker2", "up")

    person.push(next(rounds))
    at_work("worker3")
    cluster.database.crash()
    person.push(next(rounds))
    time.sleep(AWAY)
    cluster.database.start()
    person.wait()
    all_ended()

    _every_build_has_one_verdict(cluster, person)
    _every_line_is_there_once(cluster)
    _nothing_is_left(cluster, until)
    _nothing_was_shared(cluster)


def test_a_host_that_vanishes_holds_up_nobody(cluster, until):
    """Left to themselves, TCP and PostgreSQL keep what it held for a quarter of an hour or more."""
    holder = cluster.start_program("worker2", "holding", DATABASE_URL=cluster.database.url)
    until(lambda: "held" in holder.said)
    free = "SELECT pg_try_advisory_lock(7)"
    assert cluster.database.ask(free) == [(False,)]
    cluster.network.cable("worker2", "down")
    until(lambda: cluster.database.ask(free) == [(True,)])
    until(lambda: "given up" in holder.said)


def _at_work(cluster, name):
    return {build for (build,) in cluster.database.ask(AT_WORK, name)}


def _cut_off(cluster, name, at_work):
    """Pull a worker's cable while it has builds; which those are."""
    while True:
        at_work(name)
        cluster.network.cable(name, "down")
        if builds := _at_work(cluster, name):
            return builds
        cluster.network.cable(name, "up")


def _pushes_to(cluster):
    """How many pushes a web node took."""
    return lambda name: cluster.parts[name].said.count("pushes to")


def _every_build_has_one_verdict(cluster, person):
    ask = cluster.database.ask
    builds = ask(BUILDS)
    assert [(b[0], b[4]) for b in builds if b[2] != "passed"] == []
    assert sorted(b[0] for b in builds) == BRANCHES
    assert {b[0]: b[1] for b in builds} == person.commits()
    verdicts = ask("SELECT build_id, count(*), min(state) FROM verdicts GROUP BY 1")
    assert {verdict[1:] for verdict in verdicts} == {(1, "passed")}
    assert len(verdicts) == len(builds)
    told = ask("SELECT branch FROM store_build WHERE notices::text LIKE '%begun again%'")
    assert sorted(told) == sorted((b[0],) for b in builds if b[3])
    assert told


def _every_line_is_there_once(cluster):
    paths = {
        f"/api/v1/projects/{project}/builds/{number}/jobs/1/log": branch
        for branch, *_, project, number in cluster.database.ask(BUILDS)
    }
    texts = cluster.request([("GET", path, None) for path in paths])
    for branch, text in zip(paths.values(), texts, strict=True):
        command, *said = text.splitlines()
        assert command.startswith(f"$ {LEAVE} for n in")
        assert said == [f"{branch} says {n}" for n in range(1, LINES + 1)]


def _nothing_is_left(cluster, until):
    ask = cluster.database.ask
    assert not ask("SELECT id FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
    for name in cluster.workers:
        until(lambda name=name: not cluster.jobs_on(name))
        assert cluster.parts[name].end(SIGTERM) == 0
        until(lambda name=name: not cluster.hosts[name].processes())


def _nothing_was_shared(cluster):
    shared = cluster.shared
    assert list((shared / "repositories").iterdir())
    for name in cluster.workers:
        host = cluster.hosts[name]
        assert host.run("ls", "-A", shared) == ""
        assert list((host.folder / "cache" / "mirrors").iterdir())
        assert not list(host.folder.glob("data/repositories/*.git"))
        assert not [path for path in host.folder.glob("data/storage/**/*") if path.is_file()]
