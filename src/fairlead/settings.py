"""The tool's own settings: environment variables first, then one TOML file, then defaults.

The file is ``$XDG_CONFIG_HOME/fairlead/settings.toml``; every setting has a variable of the same
name in capitals behind ``FAIRLEAD_``.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import Location
from fairlead.util.decoding import from_plain

_Some = Annotated[int, msgspec.Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How Fairlead behaves on this machine.

    ``home`` holds what can be made again: environments, uv's cache, workspaces, step cache.
    ``config`` holds what cannot: settings and locally stored secrets. ``jobs`` is the number of
    jobs at once (0: one more than there are cores). ``sandbox`` is ``auto``, ``bubblewrap`` or
    ``process``.
    """

    home: Path
    config: Path
    jobs: Annotated[int, msgspec.Meta(ge=0)] = 0
    sandbox: str = "auto"
    keep_runs: _Some = 50
    disk: _Some = 10 << 30
    """Bytes a job's workspace may grow to."""
    memory: _Some = 8 << 30
    """Bytes of memory a job may use, where the machine lets us limit it."""
    processes: _Some = 2048
    log: _Some = 1 << 30
    """Bytes of a job's log that are kept."""
    ssh: str = ""
    """The folder of SSH's keys, ``known_hosts`` and ``config``; ``~/.ssh`` where it is empty."""
    ssh_key: str = ""
    """The one key that hosts are signed in to with; empty for those that SSH itself would offer."""


_NUMBERS = ("jobs", "keep_runs", "disk", "memory", "processes", "log")


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings of this machine from ``environ`` and the file it leads to.

    Raises ``FairleadError`` for a broken file or a value that is not of its kind.
    """
    config = _folder(environ, "FAIRLEAD_CONFIG", "XDG_CONFIG_HOME", ".config")
    values: dict[str, object] = {"home": str(_default_home(environ))}
    values.update(_read_file(config / "settings.toml"))
    for name in Settings.__struct_fields__:
        if text := environ.get(f"FAIRLEAD_{name.upper()}"):
            values[name] = int(text) if name in _NUMBERS and text.isdecimal() else text
    values["config"] = str(config)
    try:
        return from_plain(values, Settings, hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise FairleadError(f"a setting is not of its kind: {error}") from error


def _read_file(path: Path) -> dict[str, object]:
    try:
        data = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except UnicodeDecodeError as error:
        raise FairleadError(
            "not TOML: it is not UTF-8", location=Location(file=str(path))
        ) from error
    import tomllib

    try:
        values = tomllib.loads(data)
    except tomllib.TOMLDecodeError as error:
        raise FairleadError(f"not TOML: {error}", location=Location(file=str(path))) from error
    unknown = sorted(set(values) - set(Settings.__struct_fields__))
    if unknown:
        known = ", ".join(Settings.__struct_fields__)
        raise FairleadError(
            f"unknown setting {unknown[0]!r}",
            location=Location(file=str(path)),
            hint=f"known settings: {known}",
        )
    return values


def _folder(environ: Mapping[str, str], own: str, base: str, fallback: str) -> Path:
    if environ.get(own):
        return Path(environ[own]).absolute()
    root = environ.get(base) or os.path.join(environ.get("HOME") or _told_home(), fallback)
    return Path(root) / "fairlead"


def _told_home() -> str:
    """Our home as the machine knows it: what is started by cron or a service may not be told."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/nonexistent"


def _default_home(environ: Mapping[str, str]) -> Path:
    """The cache folder, or one below the machine's temporary folder where home is read-only."""
    home = _folder(environ, "FAIRLEAD_HOME", "XDG_CACHE_HOME", ".cache")
    if environ.get("FAIRLEAD_HOME") or _can_make(home):
        return home
    import tempfile

    return _ours(Path(tempfile.gettempdir()) / f"fairlead-{os.getuid()}")


def _ours(path: Path) -> Path:
    """A folder that anybody could have made before us, where it is nobody else's.

    Raises ``FairleadError``: what lies in another's folder would be run as us.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return path
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not others:
        return path
    raise FairleadError(
        f"others may write to {path}", hint="remove it, or name another folder with FAIRLEAD_HOME"
    )


def _can_make(path: Path) -> bool:
    # Not Path.exists, which raises where a folder on the way may not be entered.
    while not os.path.exists(path) and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK | os.X_OK)
