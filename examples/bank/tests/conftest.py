from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from bank.model import Account, Mutation

NUMBER = "NL13TEST0123456789"


@pytest.fixture
def account() -> Account:
    """Three mutations in two months, not in order."""
    return Account(
        number=NUMBER,
        name="Household",
        holder="J. Jansen",
        opening=Decimal("100.00"),
        mutations=(
            Mutation(date(2024, 2, 1), Decimal("-985.00"), "Rent February", "Polder Housing"),
            Mutation(date(2024, 1, 2), Decimal("-10.10"), "Groceries", "Corner Shop"),
            Mutation(date(2024, 1, 24), Decimal("2000.05"), "Salary", "Windmill Works"),
        ),
    )


@pytest.fixture
def write(tmp_path: Path):
    """Write a file into an empty folder and return its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(dedent(text), "utf-8")
        return path

    return write


@pytest.fixture
def bank_yml(write) -> Path:
    """A configuration and the accounts it points to."""
    write(
        "accounts.yml",
        f"""\
        accounts:
          - number: {NUMBER}
            name: Household
            holder: J. Jansen
            opening: 100
            mutations:
              - {{date: 2024-01-02, amount: -10.10, description: Groceries <fresh>}}
              - {{date: 2024-01-24, amount: 2000.05, description: Salary, counterparty: Works}}
              - {{date: 2024-02-01, amount: -985, description: Rent February}}
          - number: NL62TEST0987654321
            name: Savings
            holder: J. Jansen
            currency: GBP
        """,
    )
    return write("bank.yml", "name: Test Bank\nclient: {kind: yaml, path: accounts.yml}\n")
