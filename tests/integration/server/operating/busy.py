"""A server at work: builds end, their logs are compacted, and old ones are removed again."""

import os
import sys

from fairlead.server.configuration import load_configuration, secret_key
from fairlead.server.serving.data import make_data
from fairlead.server.serving.database import embedded, name_database

told = load_configuration(os.environ)


def work() -> None:
    from fairlead.server.setup import migrate, setup

    setup()
    migrate()
    from django.utils import timezone

    from fairlead.model import Trigger
    from fairlead.server.logs.compact import compact
    from fairlead.server.logs.gather import Gatherer
    from fairlead.server.operating.sweeping import sweep_storage
    from fairlead.server.services.builds import create
    from fairlead.server.storage import open_storage
    from fairlead.server.store.livelogs import AttemptChunks
    from fairlead.server.store.models import Artifact, Attempt, Build, Job, Project

    storage = open_storage(told)
    project = Project.objects.create(name="busy", keep_builds=20)
    number = 0
    while not os.path.exists(sys.argv[1]):
        number += 1
        build = create(project, Trigger(event="push", branch="main"))
        now = timezone.now()
        job = Job.objects.create(build=build, key="a", place=0, name="a", stage="s")
        attempt = Attempt.objects.create(job=job, number=1, started=now, finished=now)
        chunks, gatherer = AttemptChunks(attempt.pk), Gatherer()
        text = b"line of build %d\n" % number * 100
        for chunk in (*gatherer.feed(0, text, 0.0), *gatherer.finish()):
            chunks.add(chunk)
        compact(chunks, storage, f"logs/0/{attempt.pk}.gz")
        key = f"artifacts/0/{build.pk}/0"
        storage.write(key, [os.urandom(20_000)])
        Artifact.objects.create(job=job, path="x", key=key, size=20_000)
        Build.objects.filter(pk=build.pk).update(state="passed", finished=now)
        sweep_storage(told)
        if number == 40:
            sys.stdout.write("busy\n")
            sys.stdout.flush()


make_data(told)
secret_key(told)
with embedded(told) as postgres:
    name_database(postgres.address.url)
    work()
    from django.db import connection

    connection.close()
    connection.close_pool()
