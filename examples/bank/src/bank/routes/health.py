"""The health check, for whoever decides whether this process gets traffic."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from bank.client import ClientError
from bank.routes import client

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> tuple[dict[str, Any], int]:
    """Status and version: 200 when the bank can be asked, else 503."""
    try:
        client().accounts()
    except ClientError as error:
        current_app.logger.error("%s", error)
        return {"status": "unavailable", "version": current_app.config["VERSION"]}, 503
    return {"status": "ok", "version": current_app.config["VERSION"]}, 200
