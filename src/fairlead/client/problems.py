"""Answers that are no success, in words: RFC 9457's problem+json, or what a proxy says."""

import msgspec

from fairlead.client.errors import ServerRefused
from fairlead.util.decoding import from_json

_HINTS = {
    401: "give a token: fairlead login {base}",
    403: "the token you use may not do that; a server's administrator makes others",
    404: "a project that your token may not read looks the same; see: fairlead builds",
    429: "wait a moment and try again",
}
_LONGEST = 500


class Problem(msgspec.Struct, frozen=True):
    """What a problem's JSON may hold; ``errors`` differ by the kind of problem."""

    title: str = ""
    detail: str = ""
    hint: str = ""
    errors: msgspec.Raw = msgspec.Raw(b"[]")


def refusal(status: int, phrase: str, kind: str, body: bytes, base: str) -> ServerRefused:
    """The error for an answer with ``status``; ``kind`` is its media type."""
    problem = _read(body) if "json" in kind else Problem()
    words = problem.detail or problem.title or f"the server answers {status} {phrase}".strip()
    details = _details(problem.errors)
    message = _short("; ".join((words, *(text for text in details if text not in words))))
    hint = problem.hint or _HINTS.get(status, "").format(base=base)
    return ServerRefused(message, status=status, hint=hint)


def _read(body: bytes) -> Problem:
    try:
        return from_json(body, Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Problem()


def _details(errors: msgspec.Raw) -> list[str]:
    """One sentence for each wrong field: ``errors`` lists texts, or objects with a message."""
    try:
        items = from_json(errors, object)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return [text for item in items if (text := _detail(item))] if isinstance(items, list) else []


def _detail(item: object) -> str:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return ""
    place = item.get("where") or item.get("location") or item.get("loc") or ""
    where = ".".join(map(str, place)) if isinstance(place, list) else str(place)
    what = str(item.get("message") or item.get("msg") or item.get("detail") or "")
    return f"{where}: {what}" if where and what else what


def _short(text: str) -> str:
    """A text of another machine's, as one may show it: without control characters, and short."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
