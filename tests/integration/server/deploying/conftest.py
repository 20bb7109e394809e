"""A project with environments, and builds and releases of it straight in the tables."""

from datetime import timedelta

import pytest

from machines.fixtures import systems

__all__ = ["systems"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="bank")


@pytest.fixture
def make(project):
    return Maker(project)


class Maker:
    """Each call makes one row; what it needs beside is made up."""

    def __init__(self, project):
        from django.utils import timezone

        self.project, self.now = project, timezone.now()

    def environments(self, *found, commit=COMMIT):
        """Rows of these environments, in their order."""
        from fairlead.server.services.environments import renew
        from fairlead.server.store.models import Environment

        renew(self.project, found, commit)
        rows = {one.name: one for one in Environment.objects.listed().filter(project=self.project)}
        return [rows[one.name] for one in found]

    def environment(self, name="production", **fields):
        """One environment alone."""
        from fairlead.model.environment import App, Environment, Host

        told = {"hosts": (Host(address="one.example.org"),), "app": App(name="bank"), **fields}
        return self.environments(Environment(name=name, **told))[0]

    def build(self, state="passed", *, number=0, commit=COMMIT, branch="main", **columns):
        from fairlead.model import Trigger
        from fairlead.server.store.fields import pack
        from fairlead.server.store.models import Build, Project

        number = number or Build.objects.filter(project=self.project).count() + 1
        Project.objects.filter(pk=self.project.pk).update(counted=number)
        trigger = pack(Trigger(event="push", branch=branch, commit=commit))
        ended = state in ("passed", "failed", "errored", "cancelled")
        told = {"message": "Round half to even", "finished": self.now if ended else None}
        return Build.objects.create(
            project=self.project,
            number=number,
            state=state,
            event="push",
            commit=commit,
            branch=branch,
            trigger=trigger,
            **told | columns,
        )

    def release(self, build=None, *, state="ready", **columns):
        """A release of a build that passed."""
        from fairlead.server.services import releases
        from fairlead.server.store.models import Release

        found = releases.make(build or self.build())
        told = {"state": state, "key": f"releases/{found.pk}", "size": 1 << 20, **columns}
        if state == "ready":
            told |= {"finished": self.now, "committed": self.now - timedelta(hours=2)}
        Release.objects.filter(pk=found.pk).update(**told)
        return Release.objects.listed().get(pk=found.pk)

    def lived(self, environment, release, *, ago=1.0, state="live", **columns):
        """A deployment that ended so many hours ago; what is live follows it."""
        from fairlead.server.store.counting import next_number
        from fairlead.server.store.models import Deployment, Environment

        when = self.now - timedelta(hours=ago)
        told = {
            "started": when - timedelta(seconds=40),
            "switched": when - timedelta(seconds=31),
            "finished": when,
            "seconds": 40.0,
            "by": "ada",
            "committed": when - timedelta(hours=1),
            "sentence": f"{release.version} is live",
        }
        deployment = Deployment.objects.create(
            project=self.project,
            environment=environment,
            number=next_number(Deployment, self.project),
            state=state,
            release=release,
            build=release.build,
            version=release.version,
            commit=release.commit,
            previous=environment.live_version,
            **told | columns,
        )
        if state == "live":
            environment.live, environment.live_version = release, release.version
            environment.live_commit, environment.live_by = release.commit, "ada"
            environment.live_since = when
            environment.save()
        Environment.objects.get(pk=environment.pk)
        return deployment
