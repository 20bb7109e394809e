"""``pylock.toml`` (PEP 751): packages that are folders of the project are taken out of it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from fairlead.errors import EnvironmentFailed
from fairlead.model import Location
from fairlead.runner.environments.requirements import LocalProject

_PACKAGE = re.compile(r"(?m)^(?=\[\[packages\]\])")


def without_folders(file: Path, name: str) -> tuple[str, tuple[LocalProject, ...]]:
    """The text of a lock file without folders, and those folders.

    Raises ``EnvironmentFailed`` for a file that is no such lock file.
    """
    try:
        text = file.read_text("utf-8")
        packages = _packages(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFailed(
            f"not a lock file: {error}", location=Location(file=name)
        ) from error
    folders = [package for package in packages if "directory" in package]
    if folders:
        text = _cut(text)
        if _packages(text) != [package for package in packages if "directory" not in package]:
            raise EnvironmentFailed(
                "cannot take the project's own folders out of the lock file",
                location=Location(file=name),
                hint="write it anew, for instance with `uv export --no-emit-local`",
            )
    return text, tuple(_project(package) for package in folders)


def pins_of(text: str) -> tuple[str, ...]:
    """The versions a lock file's text fixes, as constraints."""
    packages = _packages(text) if text else []
    return tuple(
        f"{package['name']}=={package['version']}"
        + (f" ; {package['marker']}" if "marker" in package else "")
        for package in packages
        if "version" in package and " in extras" not in package.get("marker", "")
        and " in dependency_groups" not in package.get("marker", "")
    )  # fmt: skip


def _packages(text: str) -> list[dict[str, Any]]:
    packages = tomllib.loads(text).get("packages", [])
    return [package for package in packages if isinstance(package, dict)]


def _cut(text: str) -> str:
    """The text without the entries of folders; entries begin at the start of a line."""
    first, *entries = _PACKAGE.split(text)
    kept = [first]
    for entry in entries:
        try:
            found = _packages(entry)
        except tomllib.TOMLDecodeError:
            found = []
        if not found or "directory" not in found[0]:
            kept.append(entry)
    return "".join(kept)


def _project(package: dict[str, Any]) -> LocalProject:
    import posixpath

    directory = package["directory"]
    mode = "editable" if directory.get("editable") else "wheel"
    path = posixpath.normpath(str(directory.get("path", ".")))
    return LocalProject(path=path, mode=mode, name=str(package.get("name", "")))
