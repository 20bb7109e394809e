"""What is particular to a bucket."""

import io
import tarfile
import time
from pathlib import Path

import pytest

from fairlead.errors import StoreError
from fairlead.server.configuration import Configuration
from fairlead.server.logs.errors import LogMissing


@pytest.fixture
def absent(moto, bucket):
    """A storage in a bucket that is not there."""
    from fairlead.server.storage.bucket import BucketStorage
    from fairlead.server.storage.place import read_place

    storage = BucketStorage(read_place(f"s3://not-there?endpoint={moto}"))
    yield storage
    storage.close()


def keys(bucket):
    found = bucket._client.list_objects_v2(Bucket=bucket._place.bucket)
    return [entry["Key"] for entry in found.get("Contents", ())]


def uploads(bucket):
    found = bucket._client.list_multipart_uploads(Bucket=bucket._place.bucket)
    return [upload["Key"] for upload in found.get("Uploads", ())]


def test_files_lie_below_the_prefix(bucket):
    bucket.write("logs/0/1.gz", [b"x"])
    assert keys(bucket) == ["some/prefix/logs/0/1.gz"]


def test_a_bucket_that_is_not_there_is_said(absent):
    for action in (
        absent.check,
        lambda: absent.write("a", [b"x"]),
        lambda: absent.write("a", [bytes(9 << 20)]),
    ):
        with pytest.raises(StoreError, match="the storage did not do it") as caught:
            action()
        assert not isinstance(caught.value, LogMissing)


def test_an_endpoint_that_is_away_is_said(bucket):
    from fairlead.server.storage.bucket import BucketStorage
    from fairlead.server.storage.place import read_place

    storage = BucketStorage(read_place("s3://b?endpoint=http://127.0.0.1:1"))
    with pytest.raises(StoreError, match="Could not connect"):
        storage.check()
    storage.close()


def test_a_failed_upload_leaves_no_parts(bucket):
    def broken():
        yield bytes(20 << 20)
        raise StoreError("in the middle")

    with pytest.raises(StoreError, match="in the middle"):
        bucket.write("logs/1", broken())
    assert uploads(bucket) == []


def test_uploads_that_nobody_ends_are_swept(bucket):
    for key in ("some/prefix/logs/1", "somebody/elses"):
        bucket._client.create_multipart_upload(Bucket=bucket._place.bucket, Key=key)
    assert bucket.sweep(0) == 0
    assert bucket.sweep(time.time()) == 1
    assert uploads(bucket) == ["somebody/elses"]


def test_it_is_saved_and_restored_like_a_folder(bucket, moto, tmp_path):
    from fairlead.server.operating.backup import _save_files
    from fairlead.server.operating.bundle import Manifest, Packer
    from fairlead.server.operating.restore import _store_elsewhere

    bucket.write("logs/0/1.gz", [b"a log"])
    bucket.write("artifacts/0/1/0", [bytes(3 << 20)])
    names = ["logs/0/1.gz", "logs/0/2.gz", "artifacts/0/1/0"]
    output = io.BytesIO()
    manifest = Manifest(format=1, fairlead="0", made="", postgres="", steps=())
    packer = Packer(output, manifest)
    assert _save_files(packer, bucket, iter(names)) == (2, ("logs/0/2.gz",))
    packer.close()
    output.seek(0)
    with tarfile.open(fileobj=output) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(tmp_path)
    place = bucket._place
    address = f"s3://{place.bucket}/{place.prefix}/restored?endpoint={moto}"
    told = Configuration(data=Path("/nonexistent"), storage=address)
    _store_elsewhere(told, tmp_path / "storage")
    assert {key for key in keys(bucket) if "restored" in key} == {
        "some/prefix/restored/logs/0/1.gz",
        "some/prefix/restored/artifacts/0/1/0",
    }
    assert bucket.read("restored/logs/0/1.gz", 0, 100) == b"a log"
