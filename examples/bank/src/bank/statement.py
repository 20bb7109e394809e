"""A statement: the mutations somebody asked for, with balances and sums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bank.model import Account, Mutation
from bank.money import ZERO

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class BadFilter(ValueError):
    """A filter that cannot mean anything."""


@dataclass(frozen=True)
class Filter:
    """Which mutations to show: of one month, holding some text; empty means all."""

    month: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        if self.month and not _MONTH.fullmatch(self.month):
            raise BadFilter(f"{self.month!r} is not a month such as 2024-03")

    def __bool__(self) -> bool:
        return bool(self.month or self.text)

    def matches(self, mutation: Mutation) -> bool:
        """Whether a mutation is asked for; text is found whatever its case."""
        if self.month and mutation.month != self.month:
            return False
        words = f"{mutation.description}\n{mutation.counterparty}".casefold()
        return self.text.casefold() in words


@dataclass(frozen=True)
class Line:
    """One mutation and what was on the account after it."""

    mutation: Mutation
    balance: Decimal


@dataclass(frozen=True)
class Statement:
    """Lines, newest first, and the sums of what they show."""

    account: Account
    lines: tuple[Line, ...]

    @property
    def received(self) -> Decimal:
        """All that came in."""
        return sum((a for a in self._amounts() if a > 0), ZERO)

    @property
    def spent(self) -> Decimal:
        """All that went out, as a negative amount."""
        return sum((a for a in self._amounts() if a < 0), ZERO)

    @property
    def total(self) -> Decimal:
        """What came in less what went out."""
        return self.received + self.spent

    def _amounts(self) -> Iterator[Decimal]:
        return (line.mutation.amount for line in self.lines)


def make_statement(account: Account, wanted: Filter) -> Statement:
    """Pick the lines that ``wanted`` asks for; balances count every mutation."""
    lines = (line for line in _with_balances(account) if wanted.matches(line.mutation))
    return Statement(account, tuple(lines)[::-1])


def _with_balances(account: Account) -> Iterator[Line]:
    balance = account.opening
    for mutation in sorted(account.mutations, key=lambda m: m.date):
        balance += mutation.amount
        yield Line(mutation, balance)
