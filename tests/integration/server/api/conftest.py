"""A server with a build of everything, asked over HTTP without a socket."""

from datetime import timedelta

import msgspec
import pytest

from fairlead.model import Trigger


@pytest.fixture
def told(database, tmp_path):
    """Settings for a test: ``told(public=True)``; its files lie in a folder of its own."""
    from django.conf import settings
    from django.test import override_settings

    changes = []

    def change(**more):
        made = override_settings(FAIRLEAD=msgspec.structs.replace(settings.FAIRLEAD, **more))
        made.enable()
        changes.append(made)

    change(storage=str(tmp_path / "storage"), data=tmp_path / "data", rate_limit=0)
    yield change
    for made in reversed(changes):
        made.disable()


@pytest.fixture
def secret(told):
    """Makes a token: ``secret("read", project=project)``."""
    from fairlead.server.services import tokens

    return lambda *scopes, **more: tokens.issue("robot", scopes, **more)[1]


@pytest.fixture
def ask(secret):
    """Asks as somebody who may do everything: ``ask.get("/me")``, or as ``ask.of(token)``."""
    from django.test import Client

    class Ask:
        def __init__(self, token=None, **more):
            self.client = Client(raise_request_exception=False, SERVER_NAME="localhost", **more)
            self.headers = {"Authorization": f"Bearer {token}"} if token else {}

        def of(self, token):
            return Ask(token)

        def __getattr__(self, verb):
            def send(path, body=None, **headers):
                more = {"headers": {**self.headers, **headers}}
                if verb not in {"get", "head"}:
                    more |= {"data": b"" if body is None else body}
                    more |= {"content_type": "application/json"}
                url = path if path.startswith(("/api", "http")) else f"/api/v1{path}"
                return getattr(self.client, verb)(url, **more)

            return send

    return Ask(secret("admin"))


@pytest.fixture
def project(told):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="sample")


@pytest.fixture
def make_build(project):
    """Makes a build with jobs that ran; without jobs it waits."""

    def make(jobs=0, tests=0, of=project, **fields):
        from fairlead.server.services import builds
        from fairlead.server.store.models import Build

        trigger = Trigger(event="push", branch="main", commit="a" * 40, repository="r")
        of.cancel_superseded = False
        of.save(update_fields=["cancel_superseded"])
        build = builds.create(of, trigger)
        if jobs:
            fields = {"state": "failed", "sentence": "it failed", "plan": b'{"jobs":[]}'} | fields
        for place in range(jobs):
            _make_job(build, place, tests)
        Build.objects.filter(pk=build.pk).update(**fields)
        build.refresh_from_db()
        return build

    return make


@pytest.fixture
def make_job(told):
    """Adds a job that ran to a build."""
    return _make_job


def _make_job(build, place, tests):
    from django.utils import timezone

    from fairlead.model import JobResult, encode
    from fairlead.server.store.models import Artifact, Attempt, Job, Step, Test

    now = timezone.now()
    result = JobResult(job=f"job{place}", outcome="failed", resolution="flask==3.0\n")
    job = Job.objects.create(
        build=build,
        key=f"job{place}",
        place=place,
        name=f"Job {place}",
        stage="test",
        state="failed",
        axes=[["python", "3.12"]],
        result=encode(result),
        started=now,
        seconds=1.5,
    )
    attempt = Attempt.objects.create(
        job=job,
        number=1,
        state="failed",
        started=now - timedelta(seconds=2),
        phases=[["checkout", 0.1, ""]],
    )
    for number in range(2):
        Step.objects.create(
            attempt=attempt, number=number, name="pytest", phase="script", started=now, code=1
        )
    for number in range(tests):
        Test.objects.create(
            project_id=build.project_id,
            build=build,
            attempt=attempt,
            digest=number,
            name=f"test_{number}",
            outcome="failed" if number % 2 else "passed",
            details="long",
        )
    Artifact.objects.create(job=job, path=f"dist/{place}.txt", size=5, key=f"artifacts/{job.pk}")


@pytest.fixture
def write_log(told):
    """Stores the log of a build's first attempt, as chunks or (``finish``) as a file."""

    def write(build, data, *, finish=False):
        from django.conf import settings

        from fairlead.server.engine.logsink import compact_attempt
        from fairlead.server.logs.gather import Gatherer
        from fairlead.server.storage import open_storage
        from fairlead.server.store.livelogs import AttemptChunks
        from fairlead.server.store.models import Attempt

        attempt = Attempt.objects.filter(job__build=build).order_by("id")[0]
        chunks = AttemptChunks(attempt.pk)
        for chunk in Gatherer(seconds=0.0, limit=1 << 30).feed(0, data, 0.0):
            chunks.add(chunk)
        if finish:
            compact_attempt(attempt.pk, open_storage(settings.FAIRLEAD))
        return attempt

    return write
