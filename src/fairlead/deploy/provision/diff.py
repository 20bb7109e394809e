"""What would change on a host, and how that is shown: secrets are not."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from difflib import unified_diff

import msgspec

from fairlead.deploy.provision.probe import Found, State, misowned
from fairlead.deploy.provision.resources import (
    Absent,
    Ensure,
    File,
    Folder,
    Line,
    Link,
    Part,
    Placed,
)
from fairlead.util.redact import Redactor

_HIDDEN = "[secret]"
_NAMED = re.compile(
    r"(?i)((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)"
    r"[\w-]*[\"']?[ \t]*[:= \t][ \t]*)(?!\s)[^\s].*"
)
_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s@]+(@)")
_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\Z)", re.DOTALL)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be: what would be done, and the difference in lines."""

    part: str
    title: str
    lines: tuple[str, ...] = ()


def changes(parts: Iterable[Part], state: State, secrets: Iterable[str] = ()) -> tuple[Change, ...]:
    """All that differs, in the order in which it would be made so. Empty: nothing would be done."""
    mask = _Mask(secrets)
    found = [
        Change(part=name, title="put back what was interrupted, and do it again")
        for name in state.unfinished
    ]
    for part in parts:
        found += _changes_of(part, state, mask)
    return tuple(found)


def _changes_of(part: Part, state: State, mask: "_Mask") -> Iterator[Change]:
    for package in dict.fromkeys(part.packages):
        if package not in state.packages:
            yield Change(part=part.name, title=f"install {package}")
    for before in part.before:
        yield from _prepared(part.name, before, state)
    for placed in part.files:
        difference = _difference(placed, state.at.get(placed.path), mask)
        if difference is not None:
            yield Change(part=part.name, title=difference[0], lines=difference[1])
    for after in part.after:
        yield from _prepared(part.name, after, state)


def _prepared(name: str, wanted: Folder | Ensure, state: State) -> Iterator[Change]:
    if isinstance(wanted, Ensure):
        if wanted.title not in state.so:
            yield Change(part=name, title=wanted.title)
        return
    found = state.at.get(wanted.path)
    if found is None or found.kind != "folder":
        yield Change(part=name, title=f"create folder {wanted.path}")
    elif wrong := misowned(found, wanted):
        yield Change(part=name, title=f"change {wanted.path}: {wrong}")


def _difference(
    wanted: Placed, found: Found | None, mask: "_Mask"
) -> tuple[str, tuple[str, ...]] | None:
    match wanted:
        case Absent():
            return None if found is None else (f"remove {wanted.path}", ())
        case Link():
            return _link(wanted, found)
        case Line():
            return _line(wanted, found, mask)
        case File():
            return _file(wanted, found, mask)


def _link(wanted: Link, found: Found | None) -> tuple[str, tuple[str, ...]] | None:
    if found is not None and found.kind == "link":
        now = found.data.decode("utf-8", "replace")
        if now == wanted.target:
            return None
        return f"link {wanted.path}", (f"-{now}", f"+{wanted.target}")
    return f"link {wanted.path} -> {wanted.target}", ()


def _line(wanted: Line, found: Found | None, mask: "_Mask") -> tuple[str, tuple[str, ...]] | None:
    lines = found.data.decode("utf-8", "replace").splitlines() if found else []
    if wanted.line in lines:
        return None
    return f"add a line to {wanted.path}", (mask.text(f"+{wanted.line}"),)


def _file(wanted: File, found: Found | None, mask: "_Mask") -> tuple[str, tuple[str, ...]] | None:
    if found is None:
        return f"write {wanted.path}", _shown(wanted, "", mask)
    if wanted.once:
        return None
    wrong = misowned(found, wanted) if found.kind in {"text", "secret"} else f"was a {found.kind}"
    if _same(wanted, found):
        return (f"change {wanted.path}: {wrong}", ()) if wrong else None
    before = found.data.decode("utf-8", "replace") if found.kind == "text" else ""
    return f"change {wanted.path}{': ' if wrong else ''}{wrong}", _shown(wanted, before, mask)


def _same(wanted: File, found: Found) -> bool:
    data = wanted.text.encode()
    if found.kind == "secret":
        return found.data.decode() == hashlib.sha256(data).hexdigest()
    return found.kind == "text" and found.data == data


def _shown(wanted: File, before: str, mask: "_Mask") -> tuple[str, ...]:
    if wanted.secret:
        return (f" {_HIDDEN}",)
    old, new = mask.text(before).splitlines(), mask.text(wanted.text).splitlines()
    if not old:
        return tuple(f"+{line}" for line in new)
    lines = tuple(unified_diff(old, new, lineterm="", n=2))[2:]
    return lines or (f" only what is not shown differs: {_HIDDEN}",)


class _Mask:
    """Hides values of secrets, and what looks like one in somebody else's file."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = Redactor(secrets)

    def text(self, text: str) -> str:
        text = _KEY.sub(rf"\1 {_HIDDEN} \2", self._known.text(text))
        return _IN_ADDRESS.sub(rf"\1{_HIDDEN}\2", _NAMED.sub(rf"\1{_HIDDEN}", text))
