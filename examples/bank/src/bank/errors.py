"""Errors as people and programs want them: a page, or JSON below ``/api``."""

from __future__ import annotations

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from bank.client import ClientError, NoSuchAccount
from bank.statement import BadFilter

_TITLES = {400: "That cannot be asked", 404: "Not found", 502: "The bank does not answer"}


def register(app: Flask) -> None:
    """Tell the application how its errors look."""
    app.register_error_handler(NoSuchAccount, lambda error: _answer(404, str(error)))
    app.register_error_handler(BadFilter, lambda error: _answer(400, str(error)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ClientError, _unreachable)


def _unreachable(error: ClientError) -> Response:
    # What is wrong with the bank's file is for the log, not for a visitor.
    current_app.logger.error("%s", error)
    return _answer(502, "The accounts cannot be read at the moment. Please try again later.")


def _http(error: HTTPException) -> Response:
    return _answer(error.code or 500, error.description or error.name)


def _answer(status: int, message: str) -> Response:
    if request.path.startswith("/api/"):
        return make_response(jsonify(error=message), status)
    title = _TITLES.get(status, "Something went wrong")
    return make_response(render_template("error.html", title=title, message=message), status)
