"""JSON, msgpack and plain values into typed ones, from as many threads as like.

``msgspec`` writes down what it finds out about a type while it still finds it out: a second thread
that needs the same type just then reads what is not there yet, and the process ends with a
segmentation fault (seen with 0.22, when two jobs began at once). So each type is looked at once, by
one thread, before any value of it is read. Writing takes no such notes, and needs no care.
"""

import threading
from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")
Hook = Callable[[type, Any], Any]

_one_at_a_time = threading.Lock()
_json: dict[tuple[object, Hook | None], msgspec.json.Decoder[Any]] = {}
_msgpack: dict[object, msgspec.msgpack.Decoder[Any]] = {}


@overload
def json_decoder(kind: type[T], hook: Hook | None = None) -> msgspec.json.Decoder[T]: ...
@overload
def json_decoder(kind: UnionType, hook: Hook | None = None) -> msgspec.json.Decoder[Any]: ...
def json_decoder(kind: object, hook: Hook | None = None) -> msgspec.json.Decoder[Any]:
    """What reads a ``kind``, a type or a union of some: one for all callers.

    ``hook`` makes values of the types that ``msgspec`` does not know.
    """
    if found := _json.get((kind, hook)):
        return found
    with _one_at_a_time:
        made: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind, dec_hook=hook)
        return _json.setdefault((kind, hook), made)


def from_json(data: bytes | str, kind: type[T]) -> T:
    """``data`` as a ``kind``. Raises ``msgspec.DecodeError``, whatever is wrong with it."""
    try:
        return json_decoder(kind).decode(data)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def from_msgpack(data: bytes, kind: type[T]) -> T:
    """``data`` as a ``kind``. Raises ``msgspec.DecodeError``, whatever is wrong with it."""
    found = _msgpack.get(kind)
    if found is None:
        with _one_at_a_time:
            made = msgspec.msgpack.Decoder(kind)
            found = _msgpack.setdefault(kind, made)
    try:
        value: T = found.decode(data)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
    return value


def from_plain(value: object, kind: type[T], *, strict: bool = True, hook: Hook | None = None) -> T:
    """Dictionaries, lists and scalars as a ``kind``. Raises ``msgspec.ValidationError``.

    Without ``strict``, numbers may be written as text.
    """
    json_decoder(kind)
    return msgspec.convert(value, kind, strict=strict, dec_hook=hook)
