"""Pages for people."""

from __future__ import annotations

from flask import Blueprint, render_template

from bank.routes import asked_filter, client
from bank.statement import make_statement

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def accounts() -> str:
    """All accounts with their balances."""
    return render_template("accounts.html", accounts=client().accounts())


@blueprint.get("/accounts/<number>")
def account(number: str) -> str:
    """One account: the mutations asked for, newest first, and their sums."""
    found = client().account(number)
    wanted = asked_filter()
    statement = make_statement(found, wanted)
    return render_template("account.html", account=found, wanted=wanted, statement=statement)
