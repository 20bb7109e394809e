"""A webhook's request as it came in, with the little that is believed of its headers."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs

import msgspec

from fairlead.errors import WebhookRefused, WebhookTooLarge, WebhookUnreadable

BODY_LIMIT = 25 << 20
"""Bytes of a body: what GitHub sends at most; the others send less."""

_SHOWABLE = re.compile(r"[\w.:+=/-]{1,100}", re.ASCII)
_JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+)?json")
_FORM = "application/x-www-form-urlencoded"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Headers by their names in small letters, each with every value it came with."""

    headers: Mapping[str, tuple[str, ...]]
    body: bytes

    def header(self, name: str) -> str:
        """The one value of a header, empty where it is missing.

        Raises ``WebhookRefused`` where it came twice: a proxy and we could read different ones.
        """
        values = self.headers.get(name.lower(), ())
        if len(values) > 1:
            raise WebhookRefused(f"the header {name} came {len(values)} times")
        return values[0].strip() if values else ""

    def label(self, name: str) -> str:
        """A header that is only kept and shown; what no sender of ours writes counts as missing."""
        value = self.header(name)
        return value if _SHOWABLE.fullmatch(value) else ""

    @property
    def is_form(self) -> bool:
        """Whether the body is a form with the JSON in its field ``payload``."""
        kind = self.header("Content-Type").partition(";")[0].strip().lower()
        if kind and kind != _FORM and not _JSON_TYPE.fullmatch(kind):
            raise WebhookUnreadable(
                f"the content type is {kind[:80]!r}, not application/json",
                hint="choose application/json in the webhook's settings",
            )
        return kind == _FORM


def read_request(
    headers: Iterable[tuple[str, str]], body: bytes, *, limit: int = BODY_LIMIT
) -> Request:
    """A request from header names and values, as often as they came.

    Raises ``WebhookTooLarge`` for more than ``limit`` bytes of body.
    """
    if len(body) > limit:
        raise WebhookTooLarge(
            f"the delivery has {len(body):,} bytes; at most {limit:,} are read",
            hint="push fewer commits at once, or start the build by hand",
        )
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = (*found.get(key, ()), value)
    return Request(headers=found, body=body)


def form_payload(body: bytes) -> bytes:
    """The field ``payload`` of a form. Raises ``WebhookUnreadable`` where it is not there once."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=20, strict_parsing=True)
    except ValueError as error:
        raise WebhookUnreadable(f"not a form: {error}") from error
    values = fields.get("payload", [])
    if len(values) != 1:
        raise WebhookUnreadable("the form has no field named payload, or several")
    return values[0].encode("utf-8", "surrogatepass")
