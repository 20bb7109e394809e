"""The application factory."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from bank import __version__, errors, iban, money
from bank.config import Config, load_config
from bank.routes import api, health, pages


def create_app(config: Config | None = None) -> Flask:
    """Make the application.

    Without ``config`` it is read from the file that ``BANK_CONFIG`` names, else ``bank.yml`` in
    the current folder. Raises ``ConfigError``. ``RELEASE_VERSION`` replaces the version shown by
    the health check, so that a release can be told from the package it holds.
    """
    app = Flask("bank")
    app.extensions["bank"] = config or load_config(Path(os.environ.get("BANK_CONFIG", "bank.yml")))
    app.config["VERSION"] = os.environ.get("RELEASE_VERSION") or __version__
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_filter(money.show, "money")
    app.add_template_filter(iban.grouped, "iban")
    app.context_processor(lambda: {"bank": app.extensions["bank"].name})
    for blueprint in (pages.blueprint, api.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    errors.register(app)
    return app
