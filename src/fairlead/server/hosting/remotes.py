"""Where a remote repository is and how it is reached, without its password in any list or log."""

import base64
import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.hosting.surroundings import as_variables, bare_variables

_SCP = re.compile(r"(?:[\w.-]+@)?[\w.][\w.-]*:[^/:\s-][^\s]*")
_KEPT = ("HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=20"


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` may be shown; ``env`` holds what may not."""

    url: str
    env: Mapping[str, str]


def remote(url: str, allowed: Sequence[str]) -> Remote:
    """How to reach ``url``. Raises ``FairleadError`` for protocols that are not ``allowed``."""
    if _SCP.fullmatch(url) and "://" not in url:
        return _made(url, "ssh", allowed, {})
    parts = urlsplit(url)
    if not parts.scheme or url.startswith("-") or "::" in url.partition("://")[0]:
        raise FairleadError("not the address of a repository: it begins with https:// or the like")
    if parts.scheme in {"http", "https"}:
        bare, secret = _without_password(url)
        settings = _header(bare, f"Basic {secret}") if secret else {}
        return _made(bare, parts.scheme, allowed, settings)
    user = f"{parts.username}@" if parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    return _made(urlunsplit(parts._replace(netloc=user + host)), parts.scheme, allowed, {})


def ours(url: str, token: str, build_id: int) -> Remote:
    """A repository of a web node of ours, for a worker with this token that has this build."""
    secret = base64.b64encode(f"worker:{token}".encode()).decode()
    settings = _header(url, f"Basic {secret}", f"Fairlead-Build: {build_id}")
    return _made(url, urlsplit(url).scheme, ("http", "https"), settings)


def _without_password(url: str) -> tuple[str, str]:
    """The URL without user and password, and both as Basic authorisation wants them."""
    parts = urlsplit(url)
    told, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    pair = told if ":" in told else f"{told}:"
    return urlunsplit(parts._replace(netloc=host)), base64.b64encode(
        unquote(pair).encode()
    ).decode()


def _header(url: str, authorization: str, *more: str) -> dict[str, str]:
    """Headers for this host alone: none follow a redirect to another."""
    parts = urlsplit(url)
    # Several values of one setting need several names: git takes any spelling of the last word.
    names = ("extraHeader", "extraheader")
    values = (f"Authorization: {authorization}", *more)
    where = f"http.{parts.scheme}://{parts.netloc}/"
    return {f"{where}.{name}": value for name, value in zip(names, values, strict=False)}


def _made(url: str, scheme: str, allowed: Sequence[str], settings: Mapping[str, str]) -> Remote:
    if scheme not in allowed:
        raise FairleadError(
            f"repositories are not fetched by {scheme}",
            hint=f"FAIRLEAD_MIRROR_PROTOCOLS has: {', '.join(allowed)}",
        )
    kept = (*_KEPT, *_PROXIES, *(name.upper() for name in _PROXIES))
    slow = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"}
    env = {
        **bare_variables(),
        **{name: os.environ[name] for name in kept if name in os.environ},
        **as_variables({**slow, **settings}),
        "GIT_ALLOW_PROTOCOL": scheme,
        "GIT_SSH_COMMAND": _SSH,
        "GIT_ASKPASS": "false",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    return Remote(url=url, env=env)
