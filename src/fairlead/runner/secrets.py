"""Secrets of one project, stored on this machine for its user alone.

One JSON file a project, ``<config>/secrets/<hash of the project's root>.json``, readable and
writable by its owner only. It holds values by name, and the local values that stand for the
``secure:`` texts of a ``.travis.yml`` by the hash of those.
"""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import Location, encode
from fairlead.util.decoding import from_json
from fairlead.util.digest import sha256
from fairlead.util.fs import locked, unusable, write_atomic


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored: ``ciphers`` maps the key of an encrypted text to ``NAME=value``."""

    root: str = ""
    named: dict[str, str] = {}
    ciphers: dict[str, str] = {}

    @property
    def values(self) -> tuple[str, ...]:
        """Every stored value, for masking."""
        return (*self.named.values(), *(_pair(text)[1] for text in self.ciphers.values()))

    def resolve(self, names: Iterable[str]) -> dict[str, str]:
        """Variables for what a job's ``secrets`` lists; those not stored are left out.

        An entry is a name, or ``NAME@key`` for one of several encrypted values of that name.
        """
        by_cipher = dict(_pair(text) for text in self.ciphers.values())
        found: dict[str, str] = {}
        for entry in names:
            name, _, key = entry.partition("@")
            if key in self.ciphers:
                found[name] = _pair(self.ciphers[key])[1]
            elif (value := self.named.get(name, by_cipher.get(name))) is not None:
                found[name] = value
        return found


def load(config: Path, root: Path) -> Secrets:
    """The secrets of the project at ``root``; none where nothing is stored for this person.

    A folder that is somebody else's (``HOME`` after ``sudo -u``) holds nothing for us. Raises
    ``FairleadError`` for a file that is not ours or that others may read.
    """
    path = _path(config, root)
    try:
        with path.open("rb") as file:
            others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            data = file.read()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return Secrets()
    except OSError as error:
        raise unusable(path, error) from error
    if others:
        raise FairleadError(
            "others on this machine may read these secrets",
            location=Location(file=str(path)),
            hint=f"change the secrets, then: chmod 600 {path}",
        )
    try:
        return from_json(data, Secrets)
    except msgspec.DecodeError as error:
        raise FairleadError(
            f"not a file of secrets: {error}", location=Location(file=str(path))
        ) from error


def store(config: Path, root: Path, name: str, value: str, *, cipher: str = "") -> None:
    """Keep a value under its name, or as what the encrypted text with key ``cipher`` stands for."""

    def change(secrets: Secrets) -> None:
        if cipher:
            secrets.ciphers[cipher] = f"{name}={value}"
        else:
            secrets.named[name] = value

    _change(config, root, change)


def remove(config: Path, root: Path, name: str) -> bool:
    """Forget every value of a name; whether there was one."""
    found = False

    def change(secrets: Secrets) -> None:
        nonlocal found
        ciphers = [key for key, text in secrets.ciphers.items() if _pair(text)[0] == name]
        found = name in secrets.named or bool(ciphers)
        secrets.named.pop(name, None)
        for key in ciphers:
            del secrets.ciphers[key]

    _change(config, root, change)
    return found


def _change(config: Path, root: Path, change: Callable[[Secrets], None]) -> None:
    path = _path(config, root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unusable(path, error) from error
    with locked(path.with_suffix(".lock")):
        before = load(config, root)
        after = Secrets(root=str(root), named=dict(before.named), ciphers=dict(before.ciphers))
        change(after)
        write_atomic(path, encode(after), mode=0o600)


def _path(config: Path, root: Path) -> Path:
    key = sha256(os.fsencode(root.resolve())).hexdigest()[:32]
    return config / "secrets" / f"{key}.json"


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
