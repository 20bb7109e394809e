"""Templates to text. What goes into a configuration file must not be able to end its line."""

import re
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.errors import UsageError

if TYPE_CHECKING:
    import jinja2

_WORD = re.compile(r"[A-Za-z0-9._:/@%+,=~*-]+")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """The text of ``templates/<template>``; raises ``UsageError`` for a value with odd signs."""
    return _environment().get_template(template).render(values)


def plain(template: str) -> str:
    """A template that has nothing to fill in."""
    return (_TEMPLATES / template).read_text("utf-8")


def word(value: object) -> str:
    """A value that is one harmless word in every configuration file."""
    text = str(value)
    if not _WORD.fullmatch(text):
        raise UsageError(
            f"{text!r} cannot stand in a configuration file of a host",
            hint="letters, digits and . _ : / @ % + , = ~ * - are what such a value may have",
        )
    return text


def name(value: str) -> str:
    """A name of an application or user that units, users and files can have."""
    if not _NAME.fullmatch(value):
        raise UsageError(
            f"{value!r} is no name for an application or its user on a host",
            hint="it begins with a small letter; up to 30 of a-z, 0-9, _ and - follow",
        )
    return value


def network(value: str) -> str:
    """An address or network in the form nginx wants, host bits cleared."""
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError as error:
        raise UsageError(
            f"{value!r} is no address or network", hint="such as 203.0.113.7 or 2001:db8::/32"
        ) from error


def quoted(value: object) -> str:
    """A value as one word of a shell."""
    import shlex

    return shlex.quote(str(value))


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=jinja2.select_autoescape(["html"]),
    )
    made.filters |= {
        "word": word,
        "network": network,
        "quoted": quoted,
        "identifier": identifier,
        "pattern": pattern,
    }
    return made


def identifier(value: str) -> str:
    """A name as a variable of nginx can be called."""
    return re.sub(r"\W", "_", value)


def pattern(value: str) -> str:
    """A harmless word as a regular expression that matches just it."""
    return re.escape(word(value))
