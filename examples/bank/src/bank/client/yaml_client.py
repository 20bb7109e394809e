"""A bank in a YAML file, for demonstrations, tests and small clubs.

The file is read again when it changes, so that a running application shows what was added.
"""

from __future__ import annotations

from pathlib import Path

from bank import iban
from bank.client.base import ClientError, NoSuchAccount
from bank.model import Account, Mutation
from bank.money import ZERO
from bank.yamlfile import FileError, Item, open_yaml


class YamlClient:
    """Reads accounts from one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._accounts: dict[str, Account] = {}

    @classmethod
    def from_settings(cls, settings: Item) -> YamlClient:
        """Make one from the ``client`` part of the configuration.

        ``path`` is taken from the folder of the configuration file; the data is read at once,
        so that a mistake in it is known when the application starts.
        """
        keys = settings.mapping(("kind", "path"))
        client = cls(settings.path.parent / keys["path"].text())
        client.accounts()
        return client

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order of the file."""
        self._refresh()
        return tuple(self._accounts.values())

    def account(self, number: str) -> Account:
        """The account with this number."""
        self._refresh()
        if number not in self._accounts:
            raise NoSuchAccount(f"there is no account {number}")
        return self._accounts[number]

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._accounts = read_accounts(open_yaml(self._path))
                self._stamp = stamp
        except OSError as error:
            raise ClientError(f"{self._path}: cannot be read: {error.strerror}") from error
        except FileError as error:
            raise ClientError(str(error)) from error


def read_accounts(file: Item) -> dict[str, Account]:
    """Accounts by number. Raises ``FileError`` with the line of the first mistake."""
    accounts: dict[str, Account] = {}
    for item in file.mapping(("accounts",))["accounts"].items():
        account = _account(item)
        if account.number in accounts:
            raise item.error(f"account {account.number} is there twice")
        accounts[account.number] = account
    return accounts


def _account(item: Item) -> Account:
    keys = item.mapping(("number", "name", "holder"), ("currency", "opening", "mutations"))
    number = keys["number"].text().replace(" ", "")
    if not iban.valid(number):
        raise keys["number"].error(f"{number!r} is not a valid IBAN")
    return Account(
        number=number,
        name=keys["name"].text(),
        holder=keys["holder"].text(),
        currency=keys["currency"].text() if "currency" in keys else "EUR",
        opening=keys["opening"].amount() if "opening" in keys else ZERO,
        mutations=tuple(map(_mutation, keys["mutations"].items())) if "mutations" in keys else (),
    )


def _mutation(item: Item) -> Mutation:
    keys = item.mapping(("date", "amount", "description"), ("counterparty",))
    return Mutation(
        date=keys["date"].date(),
        amount=keys["amount"].amount(),
        description=keys["description"].text(),
        counterparty=keys["counterparty"].text() if "counterparty" in keys else "",
    )
