"""A cluster as docs/howto/cluster.md has it, each part on a machine of its own."""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from signal import SIGQUIT

import psycopg
import pytest

NAMES = ("db", "web1", "web2", "person", "worker1", "worker2", "worker3")
NODES = ("web1", "web2")
WORKERS = {"worker1": ("left",), "worker2": ("left", "right"), "worker3": ("right", "alone")}
EVERY = {
    "HEARTBEAT": "0.5",
    "STALLED": "6",
    "REAP": "0.5",
    "GRACE": "4",
    "LEASE": "4",
    "POLL": "1",
    "TIDY": "5",
}
URL = "http://ci.example.org:8600"


def _load(name):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"cluster_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hosts = _load("hosts")


def wait_until(what, seconds=240.0):
    """The first true value of ``what()``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.1)
    return value


def names_for(name):
    """The names that a host knows: both web nodes have the one that is told to people."""
    nodes = (f"{hosts.NETWORK}.{NAMES.index(node) + 2}" for node in NODES)
    return "".join(
        (f"127.0.0.1 localhost {name}\n", *(f"{address} ci.example.org\n" for address in nodes))
    )


def memory():
    """A folder in memory where that has room: nothing here is about disks."""
    status = os.statvfs("/dev/shm")
    fits = status.f_bavail * status.f_frsize > 1 << 30 and not status.f_flag & os.ST_NOEXEC
    return "/dev/shm" if fits and os.access("/dev/shm", os.W_OK) else "/tmp"


class Database:
    """PostgreSQL, with a password for whoever comes by the network."""

    def __init__(self, host, binaries, drop) -> None:
        self._host, self._binaries = host, binaries
        self._drop = drop
        self._data = host.folder / "data"
        self._password = "secret of the database"
        self.url = f"postgresql://fairlead:secret%20of%20the%20database@{host.address}/fairlead"
        # The test itself looks from outside, by the socket, which is a file.
        self.inside = f"postgresql://fairlead@/fairlead?host={host.folder}"
        self._make()

    def _make(self):
        word = self._host.folder / "word"
        word.write_text(self._password)
        word.chmod(0o644)
        self._host.folder.chmod(0o777)
        ways = ("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={word}")
        words = ("-D", self._data, "-U", "fairlead", "-N", "-E", "UTF8", *ways)
        self._host.run(*self._drop, self._binaries / "initdb", *words)
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {hosts.NETWORK}.0/24 scram-sha-256\n")
        self.start()
        with psycopg.connect(self.inside.replace("/fairlead?", "/postgres?")) as connection:
            connection.autocommit = True
            connection.execute("CREATE DATABASE fairlead")

    def start(self):
        options = (
            f"listen_addresses={self._host.address}",
            "fsync=off",
            "max_connections=120",
            "dynamic_shared_memory_type=mmap",  # nothing is left of it when it is killed
        )
        argv = [*self._drop, self._binaries / "postgres", "-D", self._data]
        argv += ["-k", self._host.folder, *(w for option in options for w in ("-c", option))]
        self.process = self._host.start(*argv, env={**os.environ, "LC_ALL": "C"}, log="log")
        wait_until(self._ready)

    def crash(self):
        """End at once, as it does when told to stop immediately."""
        self.process.end(SIGQUIT)

    def ask(self, statement, *values):
        """Rows of a statement, in a connection of its own."""
        with psycopg.connect(self.inside) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def _ready(self):
        try:
            psycopg.connect(self.inside.replace("/fairlead?", "/postgres?")).close()
        except psycopg.OperationalError:
            assert self.process.runs, self.process.said
            return False
        return True


class Cluster:
    """All machines, and the parts of Fairlead that run on them by the names of those."""

    url = URL
    nodes = NODES
    workers = tuple(WORKERS)

    def __init__(self, root, network, database) -> None:
        self.network, self.database = network, database
        self.hosts = network.hosts
        self.parts = {}
        self.shared = root / "shared"
        self._token = ""

    def environment(self, name, **more):
        """What is told to a part of Fairlead on a host, which inherits nothing of ours."""
        folder = self.hosts[name].folder
        own = {f"FAIRLEAD_EVERY_{key}": value for key, value in EVERY.items()}
        own |= {f"FAIRLEAD_{key}": str(value) for key, value in more.items()}
        return own | {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
            "FAIRLEAD_HOME": str(folder / "cache"),
            "FAIRLEAD_CONFIG": str(folder / "config"),
            "FAIRLEAD_URL": self.url,
        }

    def web_environment(self, name):
        return self.environment(
            name,
            DATABASE_URL=self.database.url,
            SECRET_KEY="the same for all web nodes",
            DATA=self.shared,
            LISTEN=f"{self.hosts[name].address}:8600",
        )

    def start_web(self, name):
        env = self.web_environment(name)
        self._start(name, "web", env=env)

    def start_worker(self, name):
        more = {
            "DATABASE_URL": self._role,
            "WORKER_TOKEN": self._token,
            "DATA": self.hosts[name].folder / "data",
        }
        if name == "worker2":
            more["SANDBOX"] = "process"
        labels = ",".join(WORKERS[name])
        env = self.environment(name, **more)
        self._start(name, "worker", "--labels", labels, "--jobs", "2", env=env)

    def start_program(self, name, program, **more):
        """Start a program of these tests on a host."""
        path = Path(__file__).with_name(f"{program}.py")
        env = self.environment(name, **more)
        return self._keep(name, (sys.executable, path), env, program)

    def _start(self, name, *words, env):
        self._keep(name, (sys.executable, "-m", "fairlead", *words), env, words[0])

    def _keep(self, name, argv, env, log):
        self.parts[name] = self.hosts[name].start(*argv, env=env, log=f"{log}.log")
        return self.parts[name]

    def serves(self, name):
        """Whether a web node says that it can be reached."""
        return self.parts[name].said.rstrip().endswith(f"The web node is at {URL}/")

    def jobs_on(self, name):
        """What runs on a worker's host beside the worker."""
        found = self.hosts[name].processes()
        found.pop(self.parts[name].pid, None)
        return found

    def admin(self, *words):
        env = self.web_environment("web1")
        return self.hosts["web1"].run(sys.executable, "-m", "fairlead", "admin", *words, env=env)

    def prepare(self, projects):
        """Start web nodes and workers, as people do who have read how."""
        for name in NODES:
            self.start_web(name)
        wait_until(lambda: all(map(self.serves, NODES)))
        self._role = self.admin("worker-role", "fairlead_worker").strip()
        self._token = self.admin("token", "create", "workers", "--scope", "worker").strip()
        for name in WORKERS:
            self.start_worker(name)
        scopes = (word for scope in ("admin", "push") for word in ("--scope", scope))
        self.secret = self.admin("token", "create", "ada", *scopes).strip()
        made = ({"name": name, "labels": labels} for name, labels in projects.items())
        self.request([("POST", "/api/v1/projects", project) for project in made])
        heard = "SELECT count(*) FROM store_worker"
        wait_until(lambda: self.database.ask(heard) == [(len(WORKERS),)])

    def bury(self):
        """Wait for processes whose machines are gone; what they said is shown after a failure."""
        self.database.process.wait()
        for name, part in self.parts.items():
            part.wait()
            sys.stderr.write(f"--- {name}\n{part.said}")

    def request(self, requests):
        """What web nodes answer to a person, for each method, path and body."""
        program = Path(__file__).with_name("requesting.py")
        told = json.dumps({"url": self.url, "token": self.secret, "requests": requests})
        said = self.hosts["person"].run(sys.executable, program, text=told)
        return json.loads(said)


@pytest.fixture
def cluster(postgres_binaries):
    """The machines with PostgreSQL running; Fairlead is started by ``prepare``."""
    if why := hosts.why_not():
        pytest.skip(f"no machines of their own can be made here: {why}")
    root = Path(tempfile.mkdtemp(prefix="fl-cluster-", dir=memory()))
    root.chmod(0o755)
    network = hosts.Network(root, NAMES, {"shared": NODES}, names_for)
    made = None
    try:
        nobody = "65534"
        drop = ("setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups")
        if os.geteuid():
            drop = ("unshare", "--user", f"--map-user={nobody}", f"--map-group={nobody}")
        database = Database(network.hosts["db"], postgres_binaries, drop)
        made = Cluster(root, network, database)
        yield made
    finally:
        network.close()
        if made:
            made.bury()
        shutil.rmtree(root)


@pytest.fixture
def until():
    return wait_until
