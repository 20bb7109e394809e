"""No space: the old file stays, the error says so, and no log is lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("full.py")
KINDS = {"disk": "No space left on device", "file": "File too large"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_finds_no_space(tmp_path, kind):
    argv = [sys.executable, SCRIPT, tmp_path, kind]
    if kind == "disk":
        own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False).returncode:
            pytest.skip("no mount namespace can be made here")
        argv = [*own, *argv]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"cannot write {tmp_path}/logs/1: {KINDS[kind]}" in done.stdout
    assert "the chunks are still there" in done.stdout
    if kind == "disk":
        assert "free some space there" in done.stdout
        assert f"the disk of {tmp_path} is full" in done.stdout


def test_a_builds_log_stays_in_its_chunks_until_there_is_space(database, tmp_path):
    from django.utils import timezone

    from fairlead.model import Trigger
    from fairlead.server.engine.logsink import compact_attempt
    from fairlead.server.logs.gather import Gatherer
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.services.builds import create
    from fairlead.server.store.livelogs import AttemptChunks, open_log
    from fairlead.server.store.models import Attempt, Job, LogChunk, Project

    build = create(Project.objects.create(name="p"), Trigger(event="push"))
    job = Job.objects.create(build=build, key="a", place=0, name="a", stage="s")
    attempt = Attempt.objects.create(job=job, number=1, started=timezone.now())
    chunks, gatherer = AttemptChunks(attempt.pk), Gatherer()
    for chunk in (*gatherer.feed(0, b"a line\n" * 1000, 0.0), *gatherer.finish()):
        chunks.add(chunk)

    class Full(FolderStorage):
        """A folder whose disk takes the first bytes of a file only."""

        def write(self, name, pieces):
            def some():
                yield next(iter(pieces))[:10]
                raise OSError(28, "No space left on device")

            return super().write(name, some())

    def text(storage):
        log = open_log(attempt.pk, storage)
        return b"".join(log.read(index) for index in range(len(log.blocks)))

    storage = Full(tmp_path)
    compact_attempt(attempt.pk, storage)
    assert LogChunk.objects.exists()
    assert text(storage) == b"a line\n" * 1000
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    storage = FolderStorage(tmp_path)
    compact_attempt(attempt.pk, storage)
    assert not LogChunk.objects.exists()
    assert text(storage) == b"a line\n" * 1000
