import pytest

from bank import __version__
from bank.app import create_app

pytestmark = pytest.mark.web

HOUSEHOLD = "/api/accounts/NL13TEST0123456789"


def test_the_accounts(web):
    first = web.get("/api/accounts").json["accounts"][0]
    assert first == {
        "number": "NL13TEST0123456789",
        "name": "Household",
        "holder": "J. Jansen",
        "currency": "EUR",
        "balance": "1104.95",
        "url": HOUSEHOLD,
    }


def test_an_account_with_a_filter(web):
    found = web.get(HOUSEHOLD, {"month": "2024-02"}).json
    assert [m["amount"] for m in found["mutations"]] == ["-985.00"]
    assert (found["received"], found["spent"], found["total"]) == ("0.00", "-985.00", "-985.00")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/accounts/NL00", 404, "there is no account NL00"),
        (HOUSEHOLD + "?month=1", 400, "'1' is not a month such as 2024-03"),
    ],
)
def test_errors_are_json(web, path, status, message):
    assert web.get(path, status=status).json == {"error": message}


def test_healthy(web):
    assert web.get("/healthz").json == {"status": "ok", "version": __version__}


def test_not_healthy(web, write):
    write("accounts.yml", "nothing here")
    assert web.get("/healthz", status=503).json["status"] == "unavailable"


def test_the_environment_names_file_and_version(bank_yml, monkeypatch):
    monkeypatch.setenv("BANK_CONFIG", str(bank_yml))
    monkeypatch.setenv("RELEASE_VERSION", "1.2.0+abc")
    health = create_app().test_client().get("/healthz")
    assert health.get_json() == {"status": "ok", "version": "1.2.0+abc"}
