"""Files in an S3-compatible bucket, through django-storages."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from fairlead.errors import StoreError
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import parts_of
from fairlead.server.storage.place import Place

_PART = 8 << 20  # bytes held in memory at once; S3 takes 10,000 of them, so 80 GB
_ABSENT = ("404", "NoSuchKey", "NotFound")
_BEYOND = "InvalidRange"


class BucketStorage:
    """A ``Storage`` below a prefix of a bucket. Safe for several threads.

    An upload is there as a whole when its last part was confirmed, and not before.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._transfer = TransferConfig(
            multipart_threshold=_PART,
            multipart_chunksize=_PART,
            # Pieces come from a thread's own connection to the database.
            use_threads=False,
        )
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 5},
            # What is compatible with S3 need not know its newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if place.endpoint else "auto"},
        )
        storage = S3Storage(**place.options, client_config=config)
        with _told(place.bucket, file=False):
            self._client: Any = storage.bucket.meta.client

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Upload in parts."""
        body = _Body(pieces)
        with _told(name):
            self._client.upload_fileobj(body, **self._at(name), Config=self._transfer)
        return body.size

    def read(self, name: str, offset: int, size: int) -> bytes:
        """Ask for a range."""
        if size <= 0:
            self.size(name)
            return b""
        span = f"bytes={offset}-{offset + size - 1}"
        try:
            with _told(name):
                answer = self._client.get_object(**self._at(name), Range=span)
                data: bytes = answer["Body"].read()
        except _Beyond:
            return b""
        return data

    def size(self, name: str) -> int:
        """Ask for the head."""
        with _told(name):
            length: int = self._client.head_object(**self._at(name))["ContentLength"]
        return length

    def remove(self, name: str) -> None:
        """Remove the object; S3 itself does not mind an absent one."""
        with _told(name):
            self._client.delete_object(**self._at(name))

    def check(self) -> None:
        """Ask whether the bucket is there and ours."""
        with _told(self._place.bucket, file=False):
            self._client.head_bucket(Bucket=self._place.bucket)

    def sweep(self, before: float) -> int:
        """Give up uploads that were begun before then and never ended: they cost money unseen."""
        limit = datetime.fromtimestamp(before, UTC)
        bucket = self._place.bucket
        pages = self._client.get_paginator("list_multipart_uploads")
        count = 0
        with _told(bucket, file=False):
            for page in pages.paginate(Bucket=bucket, Prefix=self._key("")):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < limit:
                        known = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
                        self._client.abort_multipart_upload(Bucket=bucket, **known)
                        count += 1
        return count

    def close(self) -> None:
        """Close the connections it keeps."""
        self._client.close()

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._key("/".join(parts_of(name)))}

    def _key(self, name: str) -> str:
        return f"{self._place.prefix}/{name}" if self._place.prefix else name


class _Body(io.RawIOBase):
    """Pieces as a file that is read once; ``size`` is what was read of it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = _PART if size is None or size < 0 else size
        gathered = [self._rest]
        have = len(self._rest)
        while have < wanted and (piece := next(self._pieces, None)) is not None:
            gathered.append(piece)
            have += len(piece)
        data = b"".join(gathered)
        self._rest = data[wanted:]
        self.size += min(len(data), wanted)
        return data[:wanted]


class _Beyond(Exception):
    """The range begins behind the end."""


@contextmanager
def _told(what: str, *, file: bool = True) -> Iterator[None]:
    """Errors of the library as ours; what goes wrong with the pieces themselves passes."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == _BEYOND:
            raise _Beyond from error
        if code in _ABSENT and file:
            raise LogMissing(f"there is no stored file {what}") from error
        raise _failed(what, error) from error
    except (BotoCoreError, Boto3Error) as error:
        raise _failed(what, error) from error


def _failed(what: str, error: Exception) -> StoreError:
    return StoreError(
        f"the storage did not do it ({what}): {error}",
        hint="see FAIRLEAD_STORAGE and the AWS_… variables, and whether the bucket is there",
    )
