"""Who we are to hosts and who they are to us: files of keys, known hosts, SSH's own settings."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fairlead.deploy.loading import asyncssh
from fairlead.errors import HostError, HostRefused
from fairlead.model.environment import Host
from fairlead.settings import Settings

_SYSTEM = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_ASKED = 3.0
"""Seconds between questions whether a silent host is still there; the third without answer ends."""

_DEFAULT = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")

KnownKeys = tuple[
    Sequence[asyncssh.SSHKey],
    Sequence[asyncssh.SSHKey],
    Sequence[asyncssh.SSHKey],
    Sequence[object],
    Sequence[object],
    Sequence[object],
    Sequence[object],
]
"""Keys of a host, authorities' keys, revoked keys; then the same for X.509, which hosts lack."""


class Way(msgspec.Struct, frozen=True):
    """How a host is reached: the files that count, after SSH's own settings were asked.

    ``keys`` are offered; ``passed`` says of the others why not.
    """

    options: asyncssh.SSHClientConnectionOptions
    known: tuple[Path, ...]
    keys: tuple[Path, ...]
    passed: tuple[str, ...] = ()
    jump: Host | None = None
    """The host that is gone through."""

    @property
    def name(self) -> str:
        """What ``known_hosts`` calls it, port aside."""
        return str(self.options.host_key_alias or self.options.host)

    @property
    def port(self) -> int:
        """Where sshd listens."""
        return int(self.options.port)

    @property
    def login(self) -> str:
        """Who signs in."""
        return str(self.options.username)


def way_to(host: Host, settings: Settings) -> Way:
    """What SSH's settings say of a host.

    Raises ``HostRefused`` where the key we were told to use cannot be, ``HostError`` for a broken
    file of settings.
    """
    folder = ssh_folder(settings)
    base = _options(host, folder)
    loaded, passed = _load(_paths(base, settings, folder))
    if settings.ssh_key and not loaded:
        problem = " ".join(passed) or f"{settings.ssh_key} does not exist"
        raise HostRefused(f"the key we are told to sign in with cannot be used: {problem}")
    only = bool(settings.ssh_key) or bool(base.config.get("IdentitiesOnly"))
    agent = {"agent_path": None, "agent_identities": None} if only else {}
    options = asyncssh.SSHClientConnectionOptions(base, client_keys=list(loaded.values()), **agent)
    return Way(options, _known_files(base, folder), tuple(loaded), passed, _jump(base))


def ssh_folder(settings: Settings) -> Path:
    """Where keys, known hosts and settings of SSH lie."""
    return Path(settings.ssh or "~/.ssh").expanduser()


def known_keys(way: Way, host: str, address: str, port: int | None) -> KnownKeys:
    """The keys under which a host is known; raises ``HostError`` for a broken file."""
    known = asyncssh.SSHKnownHosts()
    for path in way.known:
        try:
            known.load(path.read_text("utf-8", "replace"))
        except OSError:
            continue
        except ValueError as error:
            raise HostError(f"{path} is broken: {error}") from error
    found = known.match(host, address, port)
    if port is None:
        return found
    # What is revoked for this port alone is passed over there where no key is good for it.
    revoked = [
        key for name in (host, address) for key in known.match(f"[{name}]:{port}", "", None)[2]
    ]
    return (*found[:2], [*found[2], *revoked], *found[3:])


def private_problem(path: Path) -> str:
    """What keeps a file from being used as a private key; empty where nothing does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return f"{path} does not exist"
    except OSError as error:
        return f"{path}: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a file"
    if found.st_mode & 0o077 and found.st_uid == os.getuid():
        return f"{path} may be used by others (mode {found.st_mode & 0o777:04o}): chmod 600 {path}"
    return "" if os.access(path, os.R_OK) else f"{path} may not be read by you"


def _options(host: Host, folder: Path) -> asyncssh.SSHClientConnectionOptions:
    config = folder / "config"
    try:
        return asyncssh.SSHClientConnectionOptions(
            host=host.address,
            port=host.port if host.port != 22 else (),  # noqa: PLR2004 — SSH's own
            username=host.user or (),
            config=[str(config)] if os.access(config, os.R_OK) else [],
            client_keys=[],
            password_auth=False,
            kbdint_auth=False,
            keepalive_interval=_ASKED,
            keepalive_count_max=2,
        )
    except (asyncssh.ConfigParseError, ValueError, OSError) as error:
        raise HostError(f"{host}: SSH's settings cannot be used: {error}") from error


def _jump(base: asyncssh.SSHClientConnectionOptions) -> Host | None:
    """The host of ``ProxyJump``; of several the last one, which its own settings lead to."""
    named = str(base.config.get("ProxyJump") or "none").rpartition(",")[2].strip()
    if named.lower() == "none":
        return None
    user, _, place = named.removeprefix("ssh://").rpartition("@")
    address, _, port = (
        place.rpartition(":") if place.rpartition(":")[2].isdecimal() else (place, "", "")
    )
    return Host(address=address.strip("[]"), user=user, port=int(port or 22))


def _paths(
    base: asyncssh.SSHClientConnectionOptions, settings: Settings, folder: Path
) -> list[Path]:
    """Where keys to sign in with may lie."""
    if settings.ssh_key:
        return [Path(settings.ssh_key).expanduser()]
    named = _named(base, "IdentityFile") or [folder / name for name in _DEFAULT]
    return [path.expanduser() for path in named if path.name != "none"]


def _load(paths: list[Path]) -> tuple[dict[Path, object], tuple[str, ...]]:
    """Keys with their certificates, and of those that cannot be used, why not."""
    loaded: dict[Path, object] = {}
    problems = []
    for path in filter(Path.exists, paths):
        if problem := private_problem(path):
            problems.append(problem)
            continue
        certificate = path.with_name(f"{path.name}-cert.pub")
        try:
            key = asyncssh.read_private_key(path)
            loaded[path] = (key, str(certificate)) if certificate.exists() else key
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError) as error:
            locked = "assphrase" in str(error)
            problems.append(
                f"{path} has a passphrase: ssh-add {path}" if locked else f"{path}: {error}"
            )
    return loaded, tuple(problems)


def _known_files(base: asyncssh.SSHClientConnectionOptions, folder: Path) -> tuple[Path, ...]:
    own = _named(base, "UserKnownHostsFile") or [folder / "known_hosts"]
    system = _named(base, "GlobalKnownHostsFile") or [Path(path) for path in _SYSTEM]
    return tuple(path.expanduser() for path in (*own, *system))


def _named(base: asyncssh.SSHClientConnectionOptions, option: str) -> list[Path]:
    """The files that SSH's settings name, none where they say nothing."""
    found = base.config.get(option)
    return [Path(name) for name in found] if isinstance(found, list) else []
