"""The routes, one blueprint a module."""

from __future__ import annotations

from flask import current_app, request

from bank.client import BankClient
from bank.config import Config
from bank.statement import Filter


def client() -> BankClient:
    """The client of the running application."""
    config: Config = current_app.extensions["bank"]
    return config.client


def asked_filter() -> Filter:
    """The filter in the query string. Raises ``BadFilter``."""
    return Filter(
        month=request.args.get("month", "").strip(), text=request.args.get("text", "").strip()
    )
