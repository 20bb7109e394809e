import pytest
from webtest import TestApp

from bank.app import create_app
from bank.config import load_config


@pytest.fixture
def web(bank_yml, monkeypatch) -> TestApp:
    """The application behind WebTest."""
    monkeypatch.delenv("RELEASE_VERSION", raising=False)
    return TestApp(create_app(load_config(bank_yml)))
