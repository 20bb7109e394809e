"""The servers a person logged in to, in ``servers.toml`` of the settings' folder.

::

    default = "https://ci.example.org"

    [servers."https://ci.example.org"]
    token = "fl_…"
    name = "ada"
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fairlead.errors import FairleadError, UsageError
from fairlead.model import Location
from fairlead.util.decoding import from_plain
from fairlead.util.fs import locked, write_atomic

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Server(msgspec.Struct, frozen=True):
    """One server: ``url`` without a slash at the end, the token for it, whose that is."""

    url: str
    token: str = ""
    name: str = ""


class _Entry(msgspec.Struct, frozen=True):
    token: str
    name: str = ""


class _File(msgspec.Struct, frozen=True):
    default: str = ""
    servers: dict[str, _Entry] = {}


class Servers:
    """The file below ``config``, readable by its owner alone."""

    def __init__(self, config: Path) -> None:
        self._path = config / "servers.toml"

    def all(self) -> tuple[Server, ...]:
        """All servers, the default one first."""
        file = self._read()
        found = [Server(url, entry.token, entry.name) for url, entry in file.servers.items()]
        return tuple(sorted(found, key=lambda server: server.url != file.default))

    def add(self, server: Server) -> None:
        """Remember a server, which is the default from now on."""
        with locked(self._path.with_name(".servers.lock")):
            file = self._read()
            entry = _Entry(server.token, server.name)
            self._write(_File(server.url, {**file.servers, server.url: entry}))

    def remove(self, url: str) -> bool:
        """Forget a server; whether it was known."""
        with locked(self._path.with_name(".servers.lock")):
            file = self._read()
            rest = {known: entry for known, entry in file.servers.items() if known != url}
            default = file.default if file.default in rest else next(iter(rest), "")
            self._write(_File(default, rest))
        return url in file.servers

    def _read(self) -> _File:
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return _File()
        try:
            return from_plain(tomllib.loads(text), _File)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise FairleadError(
                f"cannot be read: {error}",
                location=Location(file=str(self._path)),
                hint="remove it and log in again",
            ) from error

    def _write(self, file: _File) -> None:
        lines = [f"default = {_text(file.default)}"]
        for url, entry in file.servers.items():
            lines += ["", f"[servers.{_text(url)}]", f"token = {_text(entry.token)}"]
            lines.append(f"name = {_text(entry.name)}")
        write_atomic(self._path, ("\n".join(lines) + "\n").encode(), mode=0o600)


def choose(
    known: Iterable[Server],
    environ: Mapping[str, str],
    wanted: str,
    remotes: Iterable[str] = (),
    *,
    pasted: bool = False,
) -> Server:
    """The server meant: ``wanted``, else FAIRLEAD_URL, else by a remote, else the default.

    ``wanted`` is an address, or the host of a known one; ``pasted`` says that it came with the
    address of a build. FAIRLEAD_TOKEN is for the server of FAIRLEAD_URL, and where that is not
    set for one that was asked for by name: neither an address from somewhere nor a repository's
    remotes have a token sent anywhere. Raises ``UsageError``.
    """
    known = tuple(known)
    usual = environ.get("FAIRLEAD_URL", "")
    if named := wanted or usual:
        server = _named(known, named)
        token = environ.get("FAIRLEAD_TOKEN", "")
        its = server.url == _named(known, usual).url if usual else not pasted
        return msgspec.structs.replace(server, token=token) if token and its else server
    for remote in remotes:
        for server in known:
            if leads_to(remote, server.url):
                return server
    if known:
        return known[0]
    raise UsageError(
        "no server is known", hint="fairlead login URL, or set FAIRLEAD_URL and FAIRLEAD_TOKEN"
    )


def _named(known: tuple[Server, ...], wanted: str) -> Server:
    if "://" not in wanted:
        hosts = [one for one in known if urlsplit(one.url).netloc == wanted]
        if len(hosts) == 1:
            return hosts[0]
        raise UsageError(f"no server {wanted!r} is known", hint=f"fairlead login https://{wanted}")
    url = normal_url(wanted)
    return next((one for one in known if one.url == url), Server(url))


def normal_url(text: str) -> str:
    """A server's address as it is remembered. Raises ``UsageError`` for what is none."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{text!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{text!r} is not a server's address", hint="such as https://ci.example.org"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            "a server's address holds no user, query or fragment",
            hint="the token is asked for, or read from standard input or --token-file",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    place = host if port in (None, usual) else f"{host}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def travels_open(url: str) -> bool:
    """Whether a token sent there can be read on its way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def leads_to(remote: str, url: str) -> bool:
    """Whether a git remote is a repository of the server at ``url``."""
    return project_of(remote, url) is not None


def project_of(remote: str, url: str) -> str | None:
    """The project that a git remote of the server at ``url`` is: ``…/git/<project>.git``."""
    try:
        theirs, ours = urlsplit(remote), urlsplit(url)
        if (theirs.hostname, theirs.port) != (ours.hostname, ours.port):
            return None
    except ValueError:
        return None
    start = f"{ours.path}/git/"
    if theirs.scheme not in ("http", "https") or not theirs.path.startswith(start):
        return None
    name = theirs.path.removeprefix(start).rstrip("/").removesuffix(".git")
    return name if name and "/" not in name else None


def _text(text: str) -> str:
    """A TOML basic string; JSON's are that, where nothing but control characters is escaped."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
