"""Values as JSON, also where a text holds what UTF-8 cannot: names of files are bytes."""

from typing import Any

import msgspec


def encode(value: object) -> bytes:
    """JSON of a value; lone surrogates (PEP 383) are written in six characters (``udce9``)."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_writable(msgspec.to_builtins(value)))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(item) for item in value]
    return value
