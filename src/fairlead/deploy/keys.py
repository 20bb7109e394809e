"""Who we are to hosts and who they are to us: files of keys, known hosts, SSH's own settings."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import asyncssh
import msgspec

from fairlead.errors import HostError, HostRefused
from fairlead.model.environment import Host
from fairlead.settings import Settings

_SYSTEM = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
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

    ``keys`` can be used; ``passed`` says of the others why not.
    """

    options: asyncssh.SSHClientConnectionOptions
    known: tuple[Path, ...]
    keys: tuple[Path, ...]
    passed: tuple[str, ...] = ()

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
    keys, passed = _keys(base, settings, folder)
    options = asyncssh.SSHClientConnectionOptions(
        base, client_keys=[str(key) for key in keys], ignore_encrypted=True,
        **({"agent_path": None} if settings.ssh_key else {}),
    )  # fmt: skip
    return Way(options, _known_files(base, folder), keys, passed)


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
    return known.match(host, address, port)


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


def unlocked_problem(path: Path) -> str:
    """Why a key that may be used was of no use; empty where it was offered."""
    try:
        asyncssh.read_private_key(path)
    except asyncssh.KeyEncryptionError:
        return f"{path} has a passphrase: ssh-add {path}"
    except (asyncssh.KeyImportError, OSError) as error:
        return f"{path}: {error}"
    return ""


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
            keepalive_interval=3,
            keepalive_count_max=2,
        )
    except (asyncssh.ConfigParseError, ValueError, OSError) as error:
        raise HostError(f"{host}: SSH's settings cannot be used: {error}") from error


def _keys(
    base: asyncssh.SSHClientConnectionOptions, settings: Settings, folder: Path
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    if settings.ssh_key:
        path = Path(settings.ssh_key).expanduser()
        if problem := private_problem(path):
            raise HostRefused(f"the key we are told to sign in with cannot be used: {problem}")
        return (path,), ()
    named = _named(base, "IdentityFile") or [folder / name for name in _DEFAULT]
    paths = [path.expanduser() for path in named if path.name != "none"]
    problems = {path: private_problem(path) for path in paths if path.exists()}
    good = tuple(path for path, problem in problems.items() if not problem)
    return good, tuple(problem for problem in problems.values() if problem)


def _known_files(base: asyncssh.SSHClientConnectionOptions, folder: Path) -> tuple[Path, ...]:
    own = _named(base, "UserKnownHostsFile") or [folder / "known_hosts"]
    system = _named(base, "GlobalKnownHostsFile") or [Path(path) for path in _SYSTEM]
    return tuple(path.expanduser() for path in (*own, *system))


def _named(base: asyncssh.SSHClientConnectionOptions, option: str) -> list[Path]:
    """The files that SSH's settings name, none where they say nothing."""
    found = base.config.get(option)
    return [Path(name) for name in found] if isinstance(found, list) else []
