"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

import re

_FORM = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_REMAINDER = 1


def valid(number: str) -> bool:
    """Whether ``number`` has the form of an IBAN and its check digits agree (modulo 97)."""
    if not _FORM.fullmatch(number):
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == _REMAINDER


def grouped(number: str) -> str:
    """Write a number in groups of four, as it stands on a card."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
