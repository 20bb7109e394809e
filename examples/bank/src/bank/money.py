"""Amounts of money: exact, with two decimals, read and shown in one place."""

from __future__ import annotations

import re
from decimal import Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
MINUS = "\N{MINUS SIGN}"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
_AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{1,2})?", re.ASCII)


def parse(text: str) -> Decimal:
    """Read an amount such as ``-45.2``; at most two decimals, so nothing is ever rounded.

    Raises ``ValueError`` for anything else, thousands separators included.
    """
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount such as -45.20")
    return Decimal(text).quantize(CENT)


def show(amount: Decimal, currency: str, *, sign: bool = False) -> str:
    """Write an amount for people: ``€ 1,250.00``, with ``sign`` also ``+€ 10.00``."""
    symbol = _SYMBOLS.get(currency, currency)
    lead = MINUS if amount < 0 else "+" if sign and amount > 0 else ""
    return f"{lead}{symbol}\N{NO-BREAK SPACE}{abs(amount):,.2f}"
