"""Lists, a page at a time, and absolute addresses."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from django.conf import settings
from django.http import HttpRequest

T = TypeVar("T")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone, which is UTC."""


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list; ``next`` is the URL of the following one, null on the last page."""

    items: tuple[T, ...]
    next: str | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on; a path of the same server."""

    url: str


def absolute(request: HttpRequest, path: str) -> str:
    """The address of one of our paths, as whoever asks reaches us."""
    base: str = settings.FAIRLEAD.url
    return base.rstrip("/") + path if base else request.build_absolute_uri(path)


def next_url(request: HttpRequest, key: str, value: int | None) -> str | None:
    """The address of this list's next page, which begins behind ``key=value``."""
    if value is None:
        return None
    query = request.GET.copy()
    query[key] = str(value)
    return absolute(request, f"{request.path}?{query.urlencode()}")
