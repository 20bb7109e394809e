"""Names of refs and ids of objects, checked before anybody puts them into a command."""

import re

from fairlead.errors import TriggerInvalid
from fairlead.model.plan import Value

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_LONGEST = 1024
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# What git-check-ref-format(1) forbids; and a name that a command would take for an option.
_FORBIDDEN = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)|^[/-]|[/.]$|^@$"
)


class Ref(Value, frozen=True, kw_only=True):
    """A ref by its full name; ``kind`` is branch, tag or other, ``name`` the short name."""

    full: str
    kind: str
    name: str


def parse_ref(full: str) -> Ref:
    """The ref of a full name (``refs/heads/main``); ``TriggerInvalid`` where git has no such."""
    if full.startswith(_HEADS):
        return Ref(full=full, kind="branch", name=check_name(full.removeprefix(_HEADS), "branch"))
    if full.startswith(_TAGS):
        return Ref(full=full, kind="tag", name=check_name(full.removeprefix(_TAGS), "tag"))
    if not full.startswith("refs/"):
        raise TriggerInvalid(f"not the full name of a ref: {_shown(full)}")
    return Ref(full=full, kind="other", name=check_name(full.removeprefix("refs/"), "ref"))


def check_name(name: str, kind: str) -> str:
    """``name`` itself; ``TriggerInvalid`` where git allows no ``kind`` of that name."""
    if not name or len(name) > _LONGEST or _FORBIDDEN.search(name) or not is_text(name):
        raise TriggerInvalid(f"not a name of a {kind}: {_shown(name)}")
    return name


def object_id(text: str) -> str | None:
    """A full object id (SHA-1 or SHA-256), ``None`` for all zeros: there is no object.

    Raises ``TriggerInvalid`` for anything else, abbreviated ids among it.
    """
    if not _ID.fullmatch(text):
        raise TriggerInvalid(f"not a full object id: {_shown(text)}")
    return text if text.strip("0") else None


def commit_id(text: str) -> str:
    """A full object id that is not all zeros."""
    found = object_id(text)
    if found is None:
        raise TriggerInvalid("an object id is all zeros where a commit should be")
    return found


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: it holds no lone surrogates (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return ascii(text[:80]) + ("..." if len(text) > 80 else "")  # noqa: PLR2004 - a line's length
