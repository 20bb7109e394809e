"""What lies in a stored environment, written into it when it is built and read with one file."""

import os
from pathlib import Path
from typing import Any

import msgspec

from fairlead.errors import StoreError
from fairlead.runner.environments.scripts import Scripts
from fairlead.util.decoding import from_json

FILE = "fairlead.json"


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` is environment, tools or helper; ``site`` the packages folder, relative.

    ``installed`` are lines such as ``six==1.17.0``; ``created`` is Unix seconds.
    """

    kind: str
    python: str
    site: str
    installed: tuple[str, ...] = ()
    scripts: Scripts = Scripts()
    bytes: int = 0
    created: float = 0.0


def read_contents(folder: Path) -> Contents:
    """Read what ``write_contents`` wrote. Raises ``StoreError``."""
    try:
        return from_json((folder / FILE).read_bytes(), Contents)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"{folder} is not an environment of ours: {error}", hint="remove that folder"
        ) from error


def write_contents(folder: Path, contents: Contents) -> None:
    """Write it into a folder that is being built, for reading only."""
    (folder / FILE).write_bytes(msgspec.json.encode(contents))
    (folder / FILE).chmod(0o444)


def installed(site: Path) -> tuple[str, ...]:
    """The distributions in a packages folder, pinned, in the order of their names."""
    found = {}
    for entry in os.scandir(site):
        if entry.name.endswith(".dist-info"):
            name, version = _name_and_version(Path(entry.path))
            found[name.lower()] = _from_address(Path(entry.path), name) or f"{name}=={version}"
    return tuple(found[name] for name in sorted(found))


def _name_and_version(folder: Path) -> tuple[str, str]:
    try:
        text = (folder / "METADATA").read_text("utf-8", "replace")
    except OSError:
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        return name, version
    import email.parser

    head = email.parser.HeaderParser().parsestr(text.partition("\n\n")[0])
    return str(head["Name"]), str(head["Version"])


def _from_address(folder: Path, name: str) -> str:
    """``name @ address`` for what did not come from an index (PEP 610), else nothing."""
    try:
        data: Any = from_json((folder / "direct_url.json").read_bytes(), object)
        url, vcs = data["url"], data.get("vcs_info")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    if vcs:
        return f"{name} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{name} @ {url}" if not url.startswith("file:") else ""
