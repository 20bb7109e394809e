"""Names of files in headers: any name a job wrote, none of which may leave its header."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

_LONGEST = 150
_ODD = re.compile(r"[^A-Za-z0-9._ +@=,()-]")


def attachment(path: str) -> str:
    """``Content-Disposition`` to save a file under the last part of its path (RFC 6266)."""
    name = PurePosixPath(path.replace("\\", "/")).name[-_LONGEST:].strip() or "file"
    plain = _ODD.sub("_", name)
    said = f'attachment; filename="{plain}"'
    if plain == name:
        return said
    encoded = quote(name.encode("utf-8", "backslashreplace"), safe="")
    return f"{said}; filename*=UTF-8''{encoded}"
