"""A web process of its own, builds written as a worker would, and readers of streams."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


class Web:
    """uvicorn with the server's application, in a process that can be killed."""

    def __init__(self, url, environ, *, whole=False):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environ = {**environ, "FAIRLEAD_DATABASE_URL": url}
        self.process = None
        self._whole = whole

    def start(self):
        argv = [sys.executable, Path(__file__).parent / "served.py", str(self.port)]
        argv += ["whole"] if self._whole else []
        self.process = subprocess.Popen(argv, env=self._environ)
        for _ in range(600):
            assert self.process.poll() is None
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("it does not listen")

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)


@pytest.fixture
def web(database):
    served = Web(database, os.environ)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def site(database):
    """The whole site, which anybody may read."""
    served = Web(database, {**os.environ, "FAIRLEAD_PUBLIC": "1"}, whole=True)
    served.start()
    yield served
    served.stop()


class Writing:
    """A running job whose log is written here, as the engine's recording does."""

    def __init__(self, name="demo"):
        from django.utils import timezone

        from fairlead.server.logs.gather import Gatherer
        from fairlead.server.store.livelogs import AttemptChunks
        from fairlead.server.store.models import Attempt, Build, Job, Project

        project, _ = Project.objects.get_or_create(name=name)
        number = project.builds.count() + 1
        now = timezone.now()
        self.build = Build.objects.create(
            project=project, number=number, state="running", event="push", branch="main",
            trigger=b"{}", started=now, commit="c0ffee" + "0" * 34,
        )  # fmt: skip
        self.job = Job.objects.create(
            build=self.build, key="unit", place=0, name="unit", stage="test", state="running",
            started=now,
        )  # fmt: skip
        self.attempt = Attempt.objects.create(job=self.job, number=1, started=now)
        self.chunks = AttemptChunks(self.attempt.pk)
        self.gatherer = Gatherer(seconds=0)
        self.data = bytearray()

    def step(self, number, name="pytest", phase="script", **fields):
        from django.utils import timezone

        from fairlead.server.store.models import Step

        return Step.objects.create(
            attempt=self.attempt, number=number, name=name, phase=phase, started=timezone.now(),
            offset=len(self.data), **fields,
        )  # fmt: skip

    def write(self, data, step=0):
        from django.db import transaction

        from fairlead.server.logs.chunks import append
        from fairlead.server.store.notify import tell

        with transaction.atomic():
            for chunk in self.gatherer.feed(step, data, 0.0):
                append(self.chunks, chunk)
            tell(self.build.pk)
        self.data += data

    def test(self, name, outcome, message=""):
        from fairlead.server.store.models import Test
        from fairlead.server.store.notify import tell

        Test.objects.create(
            project=self.build.project, build=self.build, attempt=self.attempt, name=name,
            outcome=outcome, message=message, digest=abs(hash(name)) >> 1,
        )  # fmt: skip
        tell(self.build.pk)

    def end(self, state="passed"):
        from django.db import transaction

        from fairlead.server.store.models import Attempt, Build, Job
        from fairlead.server.store.notify import tell

        with transaction.atomic():
            Attempt.objects.filter(pk=self.attempt.pk).update(state=state)
            Job.objects.filter(pk=self.job.pk).update(state=state, seconds=2.5)
            Build.objects.filter(pk=self.build.pk).update(state=state, sentence="all is well")
            tell(self.build.pk)

    def compact(self):
        from django.conf import settings

        from fairlead.server.engine.logsink import compact_attempt
        from fairlead.server.storage import open_storage

        compact_attempt(self.attempt.pk, open_storage(settings.FAIRLEAD))
        self.attempt.refresh_from_db()
        assert self.attempt.log

    @property
    def path(self):
        """The address of the job's page."""
        return f"/p/{self.build.project.name}/{self.build.number}/1/"

    def stream(self):
        from fairlead.server.streams.tokens import stream_path

        return stream_path("log", self.attempt.pk)


@pytest.fixture
def writing(database):
    return Writing()


def events(lines):
    """Events of a stream as (name, data, id)."""
    name, data, place = "", "", None
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data = line[6:]
        elif line.startswith("id: "):
            place = int(line[4:])
        elif not line and name:
            yield name, data, place
            name, data, place = "", "", None


def numbers(html):
    return [int(found) for found in re.findall(r'<p id="L(\d+)"', html)]


def texts(html):
    return re.findall(r"<span>([^<]*)</span></p>", html)


class Reader:
    """Reads a log's stream as a browser does: comes back with the last id when it was cut off."""

    def __init__(self, web, path):
        self.web, self.path = web, path
        self.texts, self.numbers, self.offset = [], [], None
        self.ended, self.told = None, []

    def read(self, until=lambda reader: False, pause=0.0):
        headers = {} if self.offset is None else {"Last-Event-ID": str(self.offset)}
        with (
            httpx.Client(timeout=30) as client,
            client.stream("GET", self.web.address + self.path, headers=headers) as response,
        ):
            assert response.status_code == 200, response.read()
            for name, data, place in events(response.iter_lines()):
                self.take(name, data, place)
                if name == "end" or until(self):
                    return
                time.sleep(pause)

    def read_through(self, deadline=60):
        """Until the end, whatever happens to the process that serves."""
        limit = time.monotonic() + deadline
        while self.ended is None:
            assert time.monotonic() < limit
            try:
                self.read()
            except httpx.HTTPError:
                time.sleep(0.05)

    def take(self, name, data, place):
        if place is not None:
            self.offset = place
        if name == "lines":
            self.texts += texts(data)
            self.numbers += numbers(data)
        elif name == "end":
            self.ended = json.loads(data)
        else:
            self.told.append((name, data))


@pytest.fixture
def reader(web, writing):
    """Makes readers of the log that ``writing`` writes, or of another stream."""
    return lambda path="": Reader(web, path or writing.stream())
