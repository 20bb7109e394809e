"""What ``s3://bucket/prefix?endpoint=…&region=…`` says; for Django's settings too."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from fairlead.errors import FairleadError

SCHEME = "s3://"
_KNOWN = ("endpoint", "region")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a bucket. ``endpoint`` is empty for Amazon's own, ``prefix`` has no slash around."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """``OPTIONS`` of django-storages' ``S3Storage``."""
        chosen: dict[str, Any] = {"bucket_name": self.bucket, "location": self.prefix}
        if self.endpoint:
            # A name below the endpoint's host for each bucket is Amazon's alone.
            chosen |= {"endpoint_url": self.endpoint, "addressing_style": "path"}
        if self.region:
            chosen["region_name"] = self.region
        return chosen


def read_place(url: str, environ: Mapping[str, str] = os.environ) -> Place:
    """Read the address; what it leaves out is looked for in the ordinary ``AWS_…`` variables.

    Raises ``FairleadError`` for one without a bucket, or with words that mean nothing.
    """
    parts = urlsplit(url)
    words = parse_qs(parts.query)
    if odd := [word for word in words if word not in _KNOWN]:
        raise _refused(f"{odd[0]!r} means nothing in it")
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc:
        raise _refused("it names no bucket")
    endpoint = words.get("endpoint", [""])[0]
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        raise _refused("its endpoint is no address of the web")
    return Place(
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=endpoint or _first(environ, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        region=words.get("region", [""])[0] or _first(environ, "AWS_REGION", "AWS_DEFAULT_REGION"),
    )


def _first(environ: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := environ.get(name))), "")


def _refused(why: str) -> FairleadError:
    # Without the value: people put passwords into addresses.
    return FairleadError(
        f"FAIRLEAD_STORAGE cannot be used: {why}",
        hint="it looks like s3://bucket/prefix?endpoint=https://minio.example.org&region=eu-west-1,"
        " with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY beside it",
    )
