"""The configuration file, ``bank.yml``: the bank's name and where its accounts come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bank.client import KINDS, BankClient, ClientError
from bank.yamlfile import FileError, open_yaml


class ConfigError(Exception):
    """The configuration cannot be used; the message names file and line."""


@dataclass(frozen=True)
class Config:
    """What the application needs to know."""

    name: str
    client: BankClient


def load_config(path: Path) -> Config:
    """Read ``bank.yml`` and make the client it asks for. Raises ``ConfigError``."""
    try:
        keys = open_yaml(path).mapping(("name", "client"))
        settings = keys["client"]
        # The kind decides which other keys there may be; its client checks them.
        kind = settings.get("kind")
        if kind.text() not in KINDS:
            known = ", ".join(sorted(KINDS))
            raise kind.error(f"unknown kind of client {kind.text()!r}; known: {known}")
        return Config(keys["name"].text(), KINDS[kind.text()](settings))
    except (FileError, ClientError) as error:
        raise ConfigError(str(error)) from error
