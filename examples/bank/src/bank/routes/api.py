"""The same as JSON; amounts are texts, because JSON's numbers are not exact."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from bank.model import Account
from bank.routes import asked_filter, client
from bank.statement import Line, make_statement

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/accounts")
def accounts() -> dict[str, Any]:
    """All accounts."""
    return {"accounts": [_account(account) for account in client().accounts()]}


@blueprint.get("/accounts/<number>")
def account(number: str) -> dict[str, Any]:
    """One account with the mutations asked for and their sums."""
    found = client().account(number)
    statement = make_statement(found, asked_filter())
    return {
        **_account(found),
        "mutations": [_line(line) for line in statement.lines],
        "received": str(statement.received),
        "spent": str(statement.spent),
        "total": str(statement.total),
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "number": account.number,
        "name": account.name,
        "holder": account.holder,
        "currency": account.currency,
        "balance": str(account.balance),
        "url": url_for("api.account", number=account.number),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "date": line.mutation.date.isoformat(),
        "amount": str(line.mutation.amount),
        "description": line.mutation.description,
        "counterparty": line.mutation.counterparty,
        "balance": str(line.balance),
    }
