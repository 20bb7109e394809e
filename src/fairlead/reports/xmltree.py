"""XML from strangers to a tree of elements; anything hostile or broken is one clear error."""

import re
from typing import TYPE_CHECKING, cast

from fairlead.reports.raw import LIMIT, check_size, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

# What expat does not know by itself, and Python knows under the same names.
_MULTIBYTE = frozenset({
    "big5", "cp932", "cp936", "cp949", "cp950", "euc-jp", "euc_jp", "euc-kr", "euc_kr", "gb18030",
    "gb2312", "gbk", "iso-2022-jp", "shift-jis", "shift_jis", "sjis",
})  # fmt: skip
_PLAIN = frozenset({b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1"})
_ENCODING = re.compile(rb"""^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def parse(data: bytes, file: str, *, limit: int = LIMIT) -> "Element":
    """The root element. Entities and external references are refused, not expanded.

    Raises ``ReportUnreadable``, with line and column where the parser knows them.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    check_size(data, file, limit)
    text = data.lstrip()  # some writers put an empty line before the declaration
    skipped = data[: len(data) - len(text)].count(b"\n")
    if not text:
        raise unreadable(file, "the file is empty")
    if b"<" not in text[:8]:  # a byte order mark may come first; expat is slow to see such files
        raise unreadable(file, "broken XML: it does not begin with <", line=skipped + 1, column=1)
    try:
        root = _parser(text)(_readable(text))
    except ParseError as error:
        line, column = error.position
        reason = str(error).partition(":")[0]
        raise unreadable(
            file, f"broken XML: {reason}", line=line + skipped, column=column + 1
        ) from error
    except DefusedXmlException as error:
        raise unreadable(
            file, "XML with entities or external references is not read: it can be an attack"
        ) from error
    except (ValueError, LookupError) as error:
        raise unreadable(file, f"broken XML: {error}") from error
    return root


def _parser(data: bytes) -> "Callable[[bytes], Element]":
    """The parser for ``data``: the standard one is faster, and enough where no entity can be.

    Entities are declared in a DTD, and in an encoding that extends ASCII a DTD begins with
    exactly these bytes.
    """
    found = _ENCODING.match(data)
    if found:
        plain = found[2].lower() in _PLAIN
    else:
        head = data[:256]
        plain = head.startswith(b"<") and b"\0" not in head and b"encoding" not in head
    if plain and b"<!DOCTYPE" not in data:
        from xml.etree.ElementTree import fromstring as plain_fromstring

        return plain_fromstring
    from defusedxml.ElementTree import fromstring

    return cast("Callable[[bytes], Element]", fromstring)


def _readable(data: bytes) -> bytes:
    """``data`` in an encoding that expat has: of the multi-byte ones it knows only Unicode's."""
    found = _ENCODING.match(data)
    encoding = found[2].decode().lower() if found else ""
    if not found or encoding not in _MULTIBYTE:
        return data
    return found[1] + data[found.end() :].decode(encoding).encode()


def tag_of(element: "Element") -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]
