"""Parts of a file, as a client asks for them: RFC 9110, section 14, a single range."""

import re

import msgspec

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})[ \t]*-[ \t]*([0-9]{0,18})", re.IGNORECASE)


class Span(msgspec.Struct, frozen=True):
    """``size`` bytes from ``offset`` on."""

    offset: int
    size: int


class OutOfRange(Exception):
    """Not a byte of what was asked for is there."""


def parse_range(header: str, size: int) -> Span | None:
    """What a ``Range`` header asks for of ``size`` bytes; ``None`` for all of it.

    That is so too, as the RFC wants it, for what is no range and for several at once.
    Raises ``OutOfRange``.
    """
    found = _RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        count = min(int(found[2]), size)
        if not count:
            raise OutOfRange
        return Span(size - count, count)
    first = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None
    if first >= size:
        raise OutOfRange
    return Span(first, min(last, size - 1) - first + 1)
