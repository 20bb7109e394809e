from pathlib import Path

import msgspec
import pytest

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.logs.storage import FolderStorage
from fairlead.server.storage import open_storage
from fairlead.server.storage.place import Place, read_place


def test_all_of_an_address():
    place = read_place("s3://b/some/prefix/?endpoint=https://minio:9000&region=eu", {})
    assert place == Place(
        bucket="b", prefix="some/prefix", endpoint="https://minio:9000", region="eu"
    )
    assert place.options == {
        "bucket_name": "b",
        "location": "some/prefix",
        "endpoint_url": "https://minio:9000",
        "addressing_style": "path",
        "region_name": "eu",
    }


def test_amazons_own_needs_no_more_than_a_bucket():
    assert read_place("s3://b", {}).options == {"bucket_name": "b", "location": ""}


def test_what_is_left_out_is_in_the_ordinary_variables():
    environ = {"AWS_ENDPOINT_URL": "http://a", "AWS_DEFAULT_REGION": "x"}
    assert read_place("s3://b", environ) == Place(bucket="b", endpoint="http://a", region="x")
    environ |= {"AWS_ENDPOINT_URL_S3": "http://s3", "AWS_REGION": "y"}
    assert read_place("s3://b", environ) == Place(bucket="b", endpoint="http://s3", region="y")
    assert read_place("s3://b?region=z", environ).region == "z"


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3:///prefix", "s3://me:secret@b", "s3://b?secret=secret", "s3://b?endpoint=secret"],
)
def test_what_is_no_address_is_told_without_it(url):
    with pytest.raises(FairleadError, match="FAIRLEAD_STORAGE cannot be used") as caught:
        read_place(url, {})
    assert "secret" not in caught.value.message.replace("'secret' means nothing", "")


TOLD = Configuration(data=Path("/data"), url="http://web", worker_token="t")


def test_a_folder_by_default(tmp_path):
    told = msgspec.structs.replace(TOLD, data=tmp_path)
    storage = open_storage(told)
    storage.write("a", [b"x"])
    assert (tmp_path / "storage/a").read_bytes() == b"x"
    assert isinstance(open_storage(told), FolderStorage)


def test_only_a_worker_by_itself_asks_the_web_nodes():
    from fairlead.server.storage.remote import HttpStorage

    storage = open_storage(TOLD, worker=True)
    assert isinstance(storage, HttpStorage)
    storage.close()
    for change in ({"storage": "/shared"}, {"url": ""}, {"worker_token": ""}):
        told = msgspec.structs.replace(TOLD, **change)
        assert isinstance(open_storage(told, worker=True), FolderStorage)
