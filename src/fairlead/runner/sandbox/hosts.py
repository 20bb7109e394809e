"""Which hosts a box may talk to (network ``hosts``)."""

from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}


def is_allowed(host: str, port: int, patterns: Iterable[str]) -> bool:
    """Whether one of ``patterns`` lets a connection to ``host`` and ``port`` through.

    A pattern is a name (``a.example``), all below a name (``*.a.example``), a name and all below
    it (``.a.example``), or ``*``; each with ``:PORT`` where only that port is meant.
    """
    name = host.lower().rstrip(".")
    return any(_matches(name, port, pattern.lower().strip()) for pattern in patterns)


def _matches(host: str, port: int, pattern: str) -> bool:
    name, colon, number = pattern.rpartition(":")
    if colon and number.isdecimal():
        if int(number) != port:
            return False
        pattern = name
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    if pattern.startswith("."):
        return host == pattern[1:] or host.endswith(pattern)
    return pattern in (host, "*")


def target_of(method: str, url: str) -> tuple[str, int] | None:
    """The host and port that a request to a proxy asks for; ``None`` when it makes no sense.

    ``CONNECT`` names ``host:port``, the other methods an absolute URL (RFC 9110, 7.1 and 9.3.6).
    """
    if method == "CONNECT":
        host, _, port = url.rpartition(":")
        return (host.strip("[]"), int(port)) if host and port.isdecimal() else None
    scheme, found, rest = url.partition("://")
    if not found or scheme.lower() not in _PORTS:
        return None
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal() and not authority.endswith("]"):
        return host.strip("[]"), int(port)
    return (authority.strip("[]"), _PORTS[scheme.lower()]) if authority else None
