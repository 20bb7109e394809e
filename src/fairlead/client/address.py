"""What a person calls a build: ``12``, ``shop/12``, its page's address; ``.JOB`` for one job."""

import re
from urllib.parse import unquote, urlsplit

import msgspec

from fairlead.errors import UsageError

_NAMED = re.compile(r"(?:(?P<project>[^/\s]+)/)?#?(?P<number>[0-9]{1,9})(?:\.(?P<job>\S.*))?")
_PAGE = re.compile(
    r"(?P<base>.*?)/p/(?P<project>[^/]+)/(?P<number>[0-9]{1,9})(?:/(?P<place>[0-9]+))?"
)
_API = re.compile(
    r"(?P<base>.*?)/api/v1/projects/(?P<project>[^/]+)/builds/(?P<number>[0-9]{1,9})"
    r"(?:/jobs/(?P<place>[0-9]+))?.*"
)


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a build: whatever is empty is to be found out.

    ``job`` is a place from 1 or a job's key; ``server`` is the base of an address.
    """

    number: int | None = None
    project: str = ""
    job: str = ""
    server: str = ""


def read_build(text: str | None) -> Named:
    """Read a BUILD or BUILD.JOB. Raises ``UsageError`` for what is neither."""
    if not text:
        return Named()
    if "://" in text:
        return _address(text)
    if found := _NAMED.fullmatch(text):
        return Named(
            number=int(found["number"]), project=found["project"] or "", job=found["job"] or ""
        )
    raise UsageError(
        f"{text!r} names no build",
        hint="it is a number, project/number or a build's address; a job follows a dot: 12.unit",
    )


def _address(text: str) -> Named:
    address, dot, job = text, "", ""
    if tail := re.fullmatch(r"(.*/[0-9]+)\.([^/\s]+)", text):
        address, dot, job = tail[1], ".", tail[2]
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    found = _PAGE.fullmatch(path) or _API.fullmatch(path)
    if not found or not parts.netloc:
        raise UsageError(f"{text!r} is not a build's address", hint="such as …/p/shop/12/")
    return Named(
        server=f"{parts.scheme}://{parts.netloc}{found['base']}",
        project=unquote(found["project"]),
        number=int(found["number"]),
        job=job if dot else found["place"] or "",
    )
