"""The single values of environments: hosts, addresses, paths on a host, and their spelling."""

import ipaddress
import re
from typing import Any, Final

from fairlead.errors import TriggerInvalid
from fairlead.model.environment import Host
from fairlead.pipeline.durations import parse_size
from fairlead.pipeline.native.kinds import TEXT_SCHEMA, Word
from fairlead.util.cron import five_fields, parse_schedule

ENVIRONMENT_NAME: Final = r"[a-z][a-z0-9_-]{0,39}"
ACCOUNT: Final = r"[a-z_][a-z0-9_-]{0,31}"
APP_NAME: Final = r"[a-z][a-z0-9-]{0,30}"
PROCESS_NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{0,30}"
RESERVED: Final = frozenset({"RELEASE_VERSION", "SOCKET"})
"""Variables that Fairlead sets itself in what it starts."""

MANAGERS: Final = ("systemd", "supervisor")

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_PLACE = r"/[A-Za-z0-9._+@-]+(?:/[A-Za-z0-9._+@-]+)*/?"
_DOMAIN = (
    r"(?:\*\.)?[a-z0-9{](?:[a-z0-9{}-]{0,69}[a-z0-9}])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
TARGET_PATTERN: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?"
_KEY = (
    r"(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[a-z0-9@.-]+) "
    r"[A-Za-z0-9+/]{40,}={0,3}(?: [^\n]*)?"
)
_VERSION = r"body|header:[A-Za-z][A-Za-z0-9-]*|json:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_SHARE = r"(?a)(\d{1,3}(?:\.\d+)?)\s*%"
_HOST = re.compile(
    rf"(?:(?P<user>{ACCOUNT})@)?(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>{_HOST_NAME}))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_PORTS = range(1, 65536)


def matching(words: str, pattern: str, hint: str = "") -> Word[str]:
    """A text of a pattern."""

    def parse(text: str) -> str | None:
        return text if re.fullmatch(pattern, text) else None

    return Word(words, parse, TEXT_SCHEMA | {"pattern": f"^(?:{pattern})$"}, hint=hint)


def parse_host(text: str) -> Host | None:
    """The host of ``user@address:port``, of which only the address must be there."""
    found = _HOST.fullmatch(text)
    if found is None:
        if not _is_address(text):
            return None
        return Host(address=text)  # an IPv6 address without brackets, and so without a port
    port = int(found["port"] or 22)
    if port not in _PORTS or (found["six"] and not _is_address(found["six"])):
        return None
    return Host(address=found["six"] or found["name"], user=found["user"] or "", port=port)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> str | None:
    return text if re.fullmatch(_HOST_NAME, text) or _is_address(text) else None


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _domain(text: str) -> str | None:
    name = text.lower().removesuffix(".")
    return (
        name if re.fullmatch(_DOMAIN, name) and name.count("{") == name.count("{number}") else None
    )


def _cron(text: str) -> str | None:
    try:
        parse_schedule(text)
    except TriggerInvalid:
        return None
    return five_fields(text)


def _place(text: str) -> str | None:
    inside = ".." not in text.split("/") and "." not in text.split("/")
    return text.rstrip("/") if inside and re.fullmatch(_PLACE, text) else None


def _folder(text: str) -> str | None:
    """A folder that is somebody's own: two parts at least, nothing of the system."""
    path = _place(text)
    return path if path and path.count("/") > 1 else None


def _share(text: str) -> float | None:
    found = re.fullmatch(_SHARE, text.strip())
    share = float(found[1]) / 100 if found else 2.0
    return share if share <= 1 else None


def _limit(text: str) -> str | None:
    """Nginx's own spelling, or any size in whole kilobytes."""
    if re.fullmatch(r"[1-9][0-9]{0,8}[kmg]?", text):
        return text
    size = parse_size(text)
    return f"{max(1, size >> 10)}k" if size else None


def _rate(text: str) -> str | None:
    found = re.fullmatch(r"([1-9][0-9]{0,5})\s*(?:r|requests)?\s*/\s*([sm])", text.strip())
    return f"{found[1]}/{found[2]}" if found else None


def _message(text: str) -> str | None:
    return text if text.strip() else None


_STRING: dict[str, Any] = {"type": "string", "minLength": 1}

VARIABLE_VALUE = Word("a text", str, {"type": ["string", "number", "boolean", "null"]}, empty=True)
LINE = Word("a command", _message, _STRING)
FOUND = Word("a text", str, TEXT_SCHEMA)
HOST = Word("a host such as `deploy@web1.example.org` or `[2001:db8::1]:2222`", parse_host, _STRING)
ADDRESS = Word("a host's name or address", _address, _STRING)
USER = matching("a user's name", ACCOUNT)
NAME = matching("a name of small letters, digits and -", APP_NAME)
PLACE = Word("an absolute path on the hosts", _place, _STRING | {"pattern": "^/."})
FOLDER = Word(
    "an absolute folder of the application's own, such as `/srv/shop`",
    _folder,
    _STRING | {"pattern": "^/.+/."},
)
DOMAIN = Word(
    "a domain such as `shop.example.org`",
    _domain,
    _STRING,
    hint="without https:// and without a path; a review environment's holds {number}",
)
NETWORK = Word(
    "an address, or a network such as `192.0.2.0/24`",
    _network,
    _STRING,
    hint="the bits behind the mask must be zero; 0.0.0.0/0 does not hold IPv6, which is ::/0",
)
CRON = Word("a schedule such as `30 2 * * mon-fri` or `@daily`", _cron, _STRING)
TARGET = matching(
    "a target such as `shop.wsgi:application`",
    TARGET_PATTERN,
    "the module, a colon, and the callable",
)
URL_PATH = matching("a path such as `/health`", r"/[!-~]*")
VERSION_PLACE = matching("`header:X-Version`, `body` or `json:key.key`", _VERSION)
SHARE = Word(
    "a percentage such as `5 %`", _share, _STRING | {"pattern": r"^\s*\d{1,3}(\.\d+)?\s*%\s*$"}
)
LIMIT = Word("a size such as `10 MB`", _limit, {"type": ["string", "integer"]})
RATE = Word("a rate such as `20/s` or `300/m`", _rate, _STRING)
ZONE = matching("a time zone such as `Europe/Amsterdam`", r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+){0,2}")
PACKAGE = matching("a Debian package", r"[a-z0-9][a-z0-9+.-]+")
PUBLIC_KEY = matching(
    "a public key such as `ssh-ed25519 AAAA… name`", _KEY, "it is in a file that ends with .pub"
)
RECIPIENT = matching("a mail address or a URL", rf"{_MAIL}|https?://[!-~]+")
RELEASE_TAG = matching(
    "a tag with `{number}` or `{name}`, such as `release-{number}`",
    r"[A-Za-z0-9._/-]*\{(?:number|name)\}[A-Za-z0-9._/{}-]*",
)
