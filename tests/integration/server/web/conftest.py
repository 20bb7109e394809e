"""Django's test client, somebody who signed in, and builds of every kind."""

from datetime import timedelta

import pytest

HOSTILE = '<img src=x onerror="window.hacked=1">"\'</script><script>window.hacked=1</script>\x1b[31m\u202egnp'


@pytest.fixture
def client(database):
    """Nobody in particular."""
    from django.test import Client

    return Client(SERVER_NAME="localhost")


@pytest.fixture(autouse=True)
def quick_hashes(django):
    """Passwords are hashed quickly here: none of them protects anything."""
    from django.test.utils import override_settings

    names = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")]
    with override_settings(PASSWORD_HASHERS=names):
        yield


@pytest.fixture
def user(database):
    from django.contrib.auth.models import User

    User.objects.all().delete()
    return User.objects.create_superuser("ada", password="correct horse battery")


@pytest.fixture
def admin(user):
    """A client of somebody who signed in."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="bank")


@pytest.fixture
def make(database):
    """Makes builds with jobs, logs, tests and artifacts straight in the tables."""
    return Maker()


class Maker:
    def __init__(self):
        from django.utils import timezone

        self.now = timezone.now()

    def build(self, project, state="passed", **columns):
        from fairlead.model import Trigger
        from fairlead.server.store.fields import pack
        from fairlead.server.store.models import Build, Project

        project.counted += 1
        Project.objects.filter(pk=project.pk).update(counted=project.counted)
        ended = state not in ("held", "queued", "running")
        started = None if state in ("held", "queued") else self.now - timedelta(minutes=5)
        values = {
            "event": "push",
            "branch": "main",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "message": "Round half to even when paying interest\n\nAs the rules of the bank ask.",
            "author": "Ada Lovelace <ada@example.org>",
            "started": started,
            "finished": self.now if ended else None,
            "seconds": 138.0 if ended else 0.0,
            "trigger": pack(Trigger(event="push", branch="main", commit="0" * 40)),
            **columns,
        }
        build = Build.objects.create(project=project, number=project.counted, state=state, **values)
        Build.objects.filter(pk=build.pk).update(created=self.now - timedelta(minutes=5, seconds=2))
        return build

    def matrix(self, build, *, pythons, axes=({},), state=lambda place: "passed", needs=()):
        """A job for each version and each of ``axes``; ``state`` tells by the place from 0."""
        from fairlead.server.store.models import Job

        cells = [(python, axis) for axis in axes for python in pythons]
        return Job.objects.bulk_create(
            Job(
                build=build,
                place=place,
                key=f"test-py{python}" + "".join(f"-{value}" for value in axis.values()),
                name="test",
                stage="test",
                axes=[["python", python], *[list(pair) for pair in axis.items()]],
                python=python,
                needs=list(needs),
                state=state(place),
                seconds=3.0 + place % 40 if state(place) in ("passed", "failed") else 0.0,
                passed_tests=240,
                bad_tests=2 if state(place) == "failed" else 0,
                started=build.started,
            )
            for place, (python, axis) in enumerate(cells)
        )

    def job(self, build, name, place, state="passed", **columns):
        from fairlead.server.store.models import Job

        values = {"key": name, "stage": "test", "seconds": 4.2 if state == "passed" else 0.0}
        return Job.objects.create(
            build=build, name=name, place=place, state=state, **values | columns
        )

    def attempt(self, job, log, *, step="pytest -q", state="failed", code=1):
        """An attempt with one step, whose log is still in chunks."""
        from fairlead.server.store.models import Attempt, Step

        attempt = Attempt.objects.create(
            job=job,
            number=1,
            state=state,
            started=self.now - timedelta(minutes=4, seconds=58 - job.place % 30),
            finished=self.now,
            seconds=job.seconds or 9.0,
            phases=[
                ["checkout", 0.2, ""],
                ["environment", 0.6, ""],
                ["steps", 7.9, ""],
                ["reports", 0.3, ""],
            ],
        )
        self.write(attempt, log)
        Step.objects.create(
            attempt=attempt,
            number=0,
            name=step,
            phase="script",
            state=state,
            code=code,
            started=attempt.started,
            seconds=7.9,
            offset=0,
            length=len(log),
        )
        return attempt

    def write(self, attempt, log):
        from math import inf

        from fairlead.server.logs.chunks import append
        from fairlead.server.logs.gather import Gatherer
        from fairlead.server.store.livelogs import AttemptChunks

        gatherer = Gatherer(seconds=inf, limit=1 << 30)
        chunks = [*gatherer.feed(0, log, -inf), *gatherer.finish()]
        for chunk in chunks:
            append(AttemptChunks(attempt.pk), chunk)
