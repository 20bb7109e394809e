"""JSON from strangers to the few fields we need of it."""

from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec

from fairlead.errors import WebhookUnreadable
from fairlead.util.decoding import from_json

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""An id or a count, small enough for any database."""

TEXT_LIMIT = 10_000
"""Characters of a message or title that are kept."""

_Model = TypeVar("_Model", bound=msgspec.Struct)


class Payload(msgspec.Struct, frozen=True):
    """Base of payload models. Unknown fields are passed over, and checked for syntax only."""


def decode(data: bytes, model: type[_Model], what: str) -> _Model:
    """``data`` as ``model``; raises ``WebhookUnreadable`` that names ``what`` and the field."""
    try:
        return from_json(data, model)
    except msgspec.ValidationError as error:
        raise WebhookUnreadable(f"not a {what} payload: {error}") from error
    except RecursionError as error:
        raise WebhookUnreadable(f"not a {what} payload: it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WebhookUnreadable(f"not JSON: {error}") from error


def tidy(text: str | None) -> str:
    """A text for people: not endless, and without the one character no database keeps."""
    return (text or "")[:TEXT_LIMIT].replace("\0", "\N{REPLACEMENT CHARACTER}")


def first_of(texts: Iterable[str | None]) -> str:
    """The first text that is not empty, tidied."""
    return next((tidy(text) for text in texts if text), "")
