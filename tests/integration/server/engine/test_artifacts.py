"""What jobs left behind goes into storage under names of ours; what cannot is said, no more."""

import pytest

from fairlead.model import (
    Artifacts,
    Job,
    JobResult,
    Origin,
    Outcome,
    Plan,
    RunResult,
    Trigger,
)


@pytest.fixture
def result():
    job = Job(id="a", name="A", artifacts=Artifacts(paths=("*",), days=3))
    return RunResult(
        number=1,
        outcome=Outcome.PASSED,
        trigger=Trigger(event="push"),
        plan=Plan(source="fairlead.yml", origin=Origin.NATIVE, jobs=(job,)),
        jobs=(
            JobResult(job="a", outcome=Outcome.PASSED, artifacts=("one.txt", "../two", "<b>.txt")),
        ),
    )


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "run/artifacts/a"
    place.mkdir(parents=True)
    for path in (place / "one.txt", place.parent / "two", place / "<b>.txt"):
        path.write_bytes(b"content")
    return tmp_path / "run"


@pytest.fixture
def kept(django, result, folder):
    """Keeps them in a storage; the events."""
    from fairlead.server.engine.artifacts import keep_artifacts
    from fairlead.server.store.models import Build

    return lambda storage: keep_artifacts(Build(pk=7, job_id=9), result, folder, storage, 1.0)


def test_names_in_storage_are_ours(kept, tmp_path):
    from fairlead.server.logs.storage import FolderStorage

    (event,) = kept(FolderStorage(tmp_path / "storage"))
    assert [file.path for file in event.files] == ["one.txt", "../two", "<b>.txt"]
    found = [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert sorted(path.name for path in found) == ["9-0", "9-1", "9-2"]
    assert {path.parent for path in found} == {tmp_path / "storage/artifacts/0/7"}


def test_a_disk_that_is_full_costs_the_artifact_and_says_so(kept, tmp_path):
    from fairlead.model import Notice
    from fairlead.server.logs.storage import FolderStorage

    class Full(FolderStorage):
        """A folder whose disk takes one file."""

        def write(self, name, pieces):
            if not name.endswith("-0"):
                raise OSError(28, "No space left on device")
            return super().write(name, pieces)

    *notices, event = kept(Full(tmp_path / "storage"))
    assert all(isinstance(notice, Notice) for notice in notices)
    assert [file.path for file in event.files] == ["one.txt"]
    assert "../two was not kept: [Errno 28] No space left on device" in notices[0].text
