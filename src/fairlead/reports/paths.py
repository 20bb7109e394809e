"""Paths as tools write them, to paths below the project's root."""

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote

_DRIVE = r"[A-Za-z]:[\\/]"


def relative(path: str, prefixes: Iterable[str] = ()) -> str:
    """``path`` without the longest of ``prefixes`` (folders) that it lies in, and normal in form.

    ``file:`` addresses and Windows separators are understood. A path that lies in none of the
    prefixes stays as it is, absolute where it was.
    """
    if path.startswith("file:"):
        path = unquote(re.sub(r"^file:(?://[^/]*)?", "", path))
    if "\\" in path and ("/" not in path or re.match(_DRIVE, path)):
        path = path.replace("\\", "/")
    if not path:
        return ""
    normal = posixpath.normpath(path)
    for prefix in sorted(prefixes, key=len, reverse=True):
        folder = prefix.rstrip("/") + "/"
        if prefix and normal.startswith(folder):
            return normal[len(folder) :]
    return normal
