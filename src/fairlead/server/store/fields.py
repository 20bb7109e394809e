"""Values of ``fairlead.model`` in columns: as JSON bytes, which hold any text a program wrote.

PostgreSQL's own text and JSON refuse NUL characters and lone surrogates.
"""

from typing import TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fairlead.model import encode
from fairlead.util.decoding import from_json

T = TypeVar("T")


def words() -> "ArrayField[list[str], list[str]]":
    """A column of short texts, none by default."""
    return ArrayField(models.CharField(max_length=255), default=list, blank=True)


def pack(value: object) -> bytes:
    """A value as it is stored."""
    return encode(value)


def unpack(data: bytes | memoryview | None, kind: type[T]) -> T | None:
    """A stored value; ``None`` where nothing is stored. Fields of newer versions are ignored."""
    return from_json(bytes(data), kind) if data else None


def clean(text: str, longest: int = 0) -> str:
    """``text`` as PostgreSQL takes it, cut to ``longest`` characters (0: not at all)."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    if "\0" in text:
        text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    if longest and len(text) > longest:
        text = text[: longest - 1] + "…"
    return text
