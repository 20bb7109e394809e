"""What every client offers."""

from __future__ import annotations

from typing import Protocol

from bank.model import Account


class ClientError(Exception):
    """The bank cannot be asked, or answers nonsense."""


class NoSuchAccount(ClientError):
    """The bank does not know this account number."""


class BankClient(Protocol):
    """Somebody who knows accounts and their mutations."""

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order the bank gives them. Raises ``ClientError``."""
        ...

    def account(self, number: str) -> Account:
        """One account. Raises ``NoSuchAccount``, or ``ClientError`` as above."""
        ...
