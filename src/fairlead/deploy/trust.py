"""Getting to know hosts: what key one shows, whether that is the known one, and storing it."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from fairlead.deploy import keys, refusals
from fairlead.deploy.loading import asyncssh
from fairlead.deploy.signin import shown_key
from fairlead.errors import HostKeyChanged
from fairlead.model.environment import Host
from fairlead.settings import Settings
from fairlead.util.fs import locked, unusable

_SSH_PORT = 22


class Standing(StrEnum):
    """What we know of a host's key: it is the known one, another one, or there is none."""

    KNOWN = "known"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Seen(msgspec.Struct, frozen=True):
    """The key a host shows. ``name`` is what ``known_hosts`` calls the host."""

    host: Host
    name: str
    key: asyncssh.SSHKey
    standing: Standing

    @property
    def fingerprint(self) -> str:
        """The key's kind and fingerprint."""
        return refusals.fingerprint(self.key)

    def problem(self, settings: Settings) -> HostKeyChanged:
        """The error for one that has changed."""
        return refusals.key_changed(self.host, self.key, keys.way_to(self.host, settings))


async def see(host: Host, settings: Settings) -> Seen:
    """Ask a host for its key and compare; raises ``HostUnreachable``."""
    key = await shown_key(host, settings)
    way = keys.way_to(host, settings)
    name, port = way.name, way.port
    known = keys.known_keys(way, name, "", None if port == _SSH_PORT else port)
    plain = name if port == _SSH_PORT else f"[{name}]:{port}"
    if key in known[2]:
        standing = Standing.CHANGED
    elif key in known[0] or (known[1] and not known[0]):
        standing = Standing.KNOWN
    else:
        standing = Standing.CHANGED if known[0] else Standing.UNKNOWN
    return Seen(host, plain, key, standing)


def with_jumps(hosts: Iterable[Host], settings: Settings) -> tuple[Host, ...]:
    """Hosts, each behind those that have to be gone through to reach it."""
    found: dict[Host, None] = {}

    def add(host: Host) -> None:
        jump = keys.way_to(host, settings).jump
        if jump is not None and jump not in found and jump != host:
            add(jump)
        found.setdefault(host)

    for host in hosts:
        add(host)
    return tuple(found)


def store(seen: Seen, settings: Settings) -> Path:
    """Write a host's key down where SSH itself looks for it; returns that file."""
    path = keys.way_to(seen.host, settings).known[0]
    line = f"{seen.name} ".encode() + seen.key.export_public_key("openssh").strip() + b"\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.with_name(f".{path.name}.lock")):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with open(handle, "r+b") as file:
                old = file.read()
                file.write(b"\n" * (bool(old) and not old.endswith(b"\n")) + line)
    except OSError as error:
        raise unusable(path, error) from error
    return path
