"""Where packages come from on this machine: uv's variables, else pip's own configuration.

pip's files and variables are those of its manual, "Configuration"; of several, a later one wins:
``/etc/pip.conf``, ``~/.pip/pip.conf``, ``~/.config/pip/pip.conf``, ``PIP_CONFIG_FILE``, ``PIP_*``.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from fairlead.util.digest import sha256

_UV_OWN = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "cert", "trusted-host")
_CREDENTIALS = r"(?<=://)[^/\s@]+@"


class Indexes(msgspec.Struct, frozen=True, kw_only=True):
    """Package indexes. The addresses may hold credentials: show none of them unmasked."""

    default: str = ""
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    cert: str = ""
    hosts: tuple[str, ...] = ()
    own: tuple[tuple[str, str], ...] = ()
    """Variables of uv itself that lead to packages; where there are any, pip's do not count."""

    @property
    def identity(self) -> str:
        """A hash that differs for every other configuration."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:20]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Local folders that packages come from."""
        urls = (*self.find_links, self.default, *self.extra)
        paths = (Path(url.removeprefix("file://")) for url in urls if url.startswith(("/", "file")))
        return tuple(path for path in paths if path.exists())

    @property
    def uv_flags(self) -> tuple[str, ...]:
        """What only a flag tells uv: it has no variable for pip's ``no-index``."""
        return ("--no-index",) if self.no_index else ()

    def for_uv(self, *, private: bool = True) -> dict[str, str]:
        """Variables for uv; without ``private``, addresses with credentials are left out."""
        urls = {
            "UV_DEFAULT_INDEX": self.default,
            "UV_INDEX": " ".join(self._kept(self.extra, private=private)),
            "UV_FIND_LINKS": ",".join(self._kept(self.find_links, private=private)),
            "UV_INSECURE_HOST": " ".join(self.hosts),
            "SSL_CERT_FILE": self.cert,
            # pip takes the best version of all indexes, so whoever configured pip expects it.
            "UV_INDEX_STRATEGY": "unsafe-best-match" if self.extra else "",
        }
        values = {name: value for name, value in urls.items() if value} | dict(self.own)
        return {n: v for n, v in values.items() if private or not re.search(_CREDENTIALS, v)}

    def for_pip(self, *, private: bool = True) -> dict[str, str]:
        """Variables for pip, with no file of configuration besides."""
        own = dict(self.own)
        default = self.default or own.get("UV_DEFAULT_INDEX") or own.get("UV_INDEX_URL") or ""
        extra = self.extra or tuple(
            (own.get("UV_INDEX") or own.get("UV_EXTRA_INDEX_URL") or "").split()
        )
        values = {
            "PIP_INDEX_URL": default.rpartition("=")[2] if "=http" in default else default,
            "PIP_EXTRA_INDEX_URL": " ".join(self._kept(extra, private=private)),
            "PIP_FIND_LINKS": " ".join(self._kept(self.find_links, private=private)),
            "PIP_NO_INDEX": "1" if self.no_index else "",
            "PIP_CERT": self.cert,
            "PIP_TRUSTED_HOST": " ".join(self.hosts),
        }
        kept = {
            n: v for n, v in values.items() if v and (private or not re.search(_CREDENTIALS, v))
        }
        return kept | {"PIP_CONFIG_FILE": os.devnull}

    @staticmethod
    def _kept(urls: Iterable[str], *, private: bool) -> list[str]:
        return [url for url in urls if private or not re.search(_CREDENTIALS, url)]


def masked(text: str) -> str:
    """A text in which no address shows its user and password."""
    return re.sub(_CREDENTIALS, "[secret]@", text)


def read_indexes(environ: Mapping[str, str]) -> Indexes:
    """Read the package indexes of this machine; broken files of pip's are passed over."""
    own = {name: environ[name] for name in _UV_OWN if environ.get(name)}
    values: dict[str, str] = {}
    for file in _pip_files(environ):
        values |= _read_pip(file)
    for key in _KEYS:
        if (value := environ.get("PIP_" + key.upper().replace("-", "_"))) is not None:
            values[key] = value
    cert = values.get("cert", "")
    hosts = tuple(values.get("trusted-host", "").split())
    if own:
        return Indexes(cert=cert, hosts=hosts, own=tuple(sorted(own.items())))
    return Indexes(
        default=values.get("index-url", "").strip(),
        extra=_present(values.get("extra-index-url", "")),
        find_links=_present(values.get("find-links", "")),
        no_index=values.get("no-index", "").strip().lower() in ("1", "true", "yes", "on"),
        cert=cert.strip(),
        hosts=hosts,
    )


def _present(text: str) -> tuple[str, ...]:
    """The places in a list, without folders that are not there: pip warns of them, uv fails."""
    return tuple(
        url
        for url in text.split()
        if not url.startswith(("/", "file://")) or os.path.exists(url.removeprefix("file://"))
    )


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path(environ.get("HOME") or "/nonexistent")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    return [*files, Path(named)] if named else files


def _read_pip(file: Path) -> dict[str, str]:
    try:
        return _understood(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


@lru_cache(maxsize=16)
def _understood(text: str) -> dict[str, str]:
    """What a file of pip's says of packages."""
    sections = _plain_sections(text)
    if sections is None:
        sections = _sections(text)
    values: dict[str, str] = {}
    for name in ("global", "install"):
        values |= {key.replace("_", "-"): value for key, value in sections.get(name, {}).items()}
    return {key: values[key] for key in _KEYS if key in values}


def _plain_sections(text: str) -> dict[str, dict[str, str]] | None:
    """The sections of a file with one ``key = value`` a line, ``None`` for whatever is less plain.

    Most files are; loading ``configparser`` delays a job more than all else about environments.
    """
    sections: dict[str, dict[str, str]] = {}
    inside: dict[str, str] | None = None
    for line in text.split("\n"):
        key, is_set, value = line.partition("=")
        key = key.rstrip().lower()
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.rstrip().endswith("]"):
            name = line.rstrip()[1:-1]
            if name in sections or name in ("", "DEFAULT") or "]" in name:
                return None
            inside = sections[name] = {}
        elif is_set and inside is not None and _is_plain(key) and key not in inside:
            inside[key] = value.strip()
        else:
            return None
    return sections


def _is_plain(key: str) -> bool:
    return key.replace("-", "").replace("_", "").isalnum()


def _sections(text: str) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()}
