"""What a bank tells us: accounts and the mutations on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bank.money import ZERO


@dataclass(frozen=True)
class Mutation:
    """Money that came in (positive) or went out (negative) on one day."""

    date: date
    amount: Decimal
    description: str
    counterparty: str = ""

    @property
    def month(self) -> str:
        """The month it falls in, as ``2024-03``."""
        return f"{self.date:%Y-%m}"


@dataclass(frozen=True)
class Account:
    """One account; ``opening`` is its balance before the first mutation."""

    number: str
    name: str
    holder: str
    currency: str = "EUR"
    opening: Decimal = ZERO
    mutations: tuple[Mutation, ...] = ()

    @property
    def balance(self) -> Decimal:
        """What is on the account after all mutations."""
        return sum((m.amount for m in self.mutations), self.opening)

    @property
    def months(self) -> tuple[str, ...]:
        """The months that have mutations, newest first."""
        return tuple(sorted({m.month for m in self.mutations}, reverse=True))
