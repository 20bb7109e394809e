"""Secrets kept out of what people read, also where they arrive cut in pieces."""

from collections.abc import Iterable

MASK = b"[secret]"
_SHORTEST = 3


class Redactor:
    """Replaces secret values in a stream of bytes.

    Values shorter than three bytes are not masked: they would shred every log. What could be
    the beginning of a secret is held back until the next piece or ``flush``.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {line.encode() for secret in secrets for line in (secret, *secret.splitlines())}
        self._secrets = sorted((v for v in values if len(v) >= _SHORTEST), key=len, reverse=True)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take a piece, give back what can be shown of all pieces so far."""
        if not self._secrets:
            return data
        text = self._held + data
        end = len(text) - self._maybe_begun(text)
        self._held = text[end:]
        return self._masked(text[:end])

    def flush(self) -> bytes:
        """What was held back, which may hold a whole secret that another one begins with."""
        held, self._held = self._held, b""
        return self._masked(held)

    def text(self, text: str) -> str:
        """A whole text without the secrets."""
        if not self._secrets:
            return text
        return self._masked(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")

    def _masked(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, MASK)
        return data

    def _maybe_begun(self, text: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret that is not all there."""
        longest = min(len(text), len(self._secrets[0]) - 1)
        for length in range(longest, 0, -1):
            tail = text[len(text) - length :]
            begun = any(len(s) > length and s.startswith(tail) for s in self._secrets)
            if begun and not self._torn(text, len(text) - length):
                return length
        return 0

    def _torn(self, text: bytes, place: int) -> bool:
        """Whether a whole secret would be cut in two at that place."""
        around = ((s, text[max(0, place - len(s) + 1) : place + len(s) - 1]) for s in self._secrets)
        return any(secret in part for secret, part in around)
