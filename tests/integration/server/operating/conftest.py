"""Data folders with a real installation in them, saved and restored by commands."""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from fairlead.server.postgres.leftovers import processes_in
from fairlead.util.fs import remove_tree

# An installation with a bit of everything; its database runs only for as long as this does.
FILL = """
import os, sys
from pathlib import Path
from fairlead.server.configuration import load_configuration, secret_key
from fairlead.server.serving.database import embedded, name_database
from fairlead.server.serving.data import make_data
told = load_configuration(os.environ)
make_data(told)
secret_key(told)
def fill():
    from fairlead.server.setup import migrate, setup
    setup()
    migrate()
    from django.utils import timezone
    from fairlead.model import Trigger
    from fairlead.server.hosting import repositories
    from fairlead.server.logs.compact import compact
    from fairlead.server.logs.gather import Gatherer
    from fairlead.server.services.builds import create
    from fairlead.server.services.releases import make
    from fairlead.server.services.tokens import issue
    from fairlead.server.storage import open_storage
    from fairlead.server.store.livelogs import AttemptChunks
    from fairlead.server.store.models import Artifact, Attempt, Build, Job, Project, Test
    storage = open_storage(told)
    project = Project.objects.create(name="sample", webhook_secret="s")
    repositories.create(told, "sample")
    now = timezone.now()
    for number in range(3):
        build = create(project, Trigger(event="push", branch="main", commit="c" * 40))
        Build.objects.filter(pk=build.pk).update(state="passed", finished=now)
        job = Job.objects.create(build=build, key="a", place=0, name="a", stage="test")
        attempt = Attempt.objects.create(
            job=job, number=1, started=now, finished=now, state="passed"
        )
        chunks = AttemptChunks(attempt.pk)
        gatherer = Gatherer()
        text = b"".join(b"build %d, line %d\\n" % (number, line) for line in range(1000))
        for chunk in (*gatherer.feed(0, text, 0.0), *gatherer.finish()):
            chunks.add(chunk)
        if number:  # the log of the first is still in the database
            compact(chunks, storage, f"logs/0/{attempt.pk}.gz")
        key = f"artifacts/0/{build.pk}/0"
        storage.write(key, [b"wheel %d" % number])
        Artifact.objects.create(job=job, path="dist/x.whl", key=key, size=7)
        Test.objects.create(project=project, build=build, attempt=attempt, digest=1,
                            name="t", outcome="passed")
    release = make(Build.objects.get(pk=build.pk))
    release.state, release.key, release.size = "ready", "releases/1/1", 12
    storage.write(release.key, [b"the app of 2"])
    release.save()
    print(issue("mine", ["read"])[1])
"""
# What a person would see of it.
LOOK = """
import os
from fairlead.server.configuration import load_configuration, secret_key
from fairlead.server.serving.database import embedded, name_database
told = load_configuration(os.environ)
def look():
    from fairlead.server.setup import setup
    setup()
    from fairlead.server.services.tokens import find
    from fairlead.server.storage import open_storage
    from fairlead.server.store.livelogs import open_log
    from fairlead.server.store.models import Artifact, Attempt, Build, Project, Release, Test
    storage = open_storage(told)
    print([project.name for project in Project.objects.all()])
    print(list(Build.objects.order_by("id").values_list("number", "state")))
    for attempt in Attempt.objects.order_by("id"):
        log = open_log(attempt.pk, storage)
        data = b"".join(log.read(index) for index in range(len(log.blocks)))
        print(len(data), data[:16], bool(attempt.log))
    for artifact in Artifact.objects.order_by("id"):
        print(artifact.path, storage.read(artifact.key, 0, 100))
    for release in Release.objects.all():
        print(release.state, storage.read(release.key, 0, 100))
    print(Test.objects.count(), bool(find(os.environ["TOKEN"])))
    print(secret_key(told))
"""
WITH = """
with embedded(told) as postgres:
    name_database(postgres.address.url)
    {}()
    from django.db import connections
    for connection in connections.all():
        connection.close()
        connection.close_pool()
"""


class Installation:
    """A data folder; what is done with it is done by processes of their own."""

    def __init__(self, data: Path, **more) -> None:
        self.data = data
        self.more = more
        self.token = ""

    @property
    def environ(self):
        own = {key: value for key, value in os.environ.items() if not key.startswith("FAIRLEAD")}
        return {**own, "FAIRLEAD_DATA": str(self.data), "TOKEN": self.token, **self.more}

    def python(self, code, *arguments):
        argv = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=self.environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fill(self):
        self.token = self.python(FILL + WITH.format("fill")).strip()
        return self

    def look(self):
        return self.python(LOOK + WITH.format("look"))

    def command(self, *words, **more):
        argv = [sys.executable, "-m", "fairlead", *map(str, words)]
        return subprocess.run(
            argv, capture_output=True, check=False, env=self.environ, cwd="/", **more
        )


@pytest.fixture(scope="session")
def short():
    """A folder that anybody may enter, with a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="fl-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for data in folder.glob("**/pg[0-9][0-9]"):
        for process in processes_in(data):
            with suppress(ProcessLookupError):
                os.kill(process.pid, 9)
    remove_tree(folder)


@pytest.fixture(scope="session")
def filled(short):
    """An installation that is only looked at."""
    return Installation(short / "filled").fill()


@pytest.fixture
def empty(short, filled, request):
    """A machine without any installation."""
    data = short / f"e{abs(hash(request.node.name)) % 10**6}"
    yield (installation := Installation(data))
    assert installation.data == data
    remove_tree(data)


@pytest.fixture(scope="session")
def backup(filled, short):
    """The file of a backup of ``filled``."""
    file = short / "backup.tar"
    done = filled.command("backup", file)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture
def looks():
    """What is in an installation whose database runs by itself."""
    return lambda installation: installation.python(LOOK + "look()")


@pytest.fixture
def installation(short):
    """Makes further ones, by name."""
    return lambda name: Installation(short / name)
