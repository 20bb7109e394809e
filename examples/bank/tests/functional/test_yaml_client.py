import os
from decimal import Decimal

import pytest

from bank.client import ClientError, NoSuchAccount, YamlClient

pytestmark = pytest.mark.functional

ONE = "accounts: [{number: NL13TEST0123456789, name: %s, holder: B, opening: 0.10}]"


@pytest.fixture
def path(write):
    return write("accounts.yml", ONE % "Before")


def change(path, text):
    path.write_text(text, "utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_amounts_are_exact(path):
    assert YamlClient(path).account("NL13TEST0123456789").balance == Decimal("0.10")


def test_a_changed_file_is_read_again(path):
    client = YamlClient(path)
    assert client.accounts()[0].name == "Before"
    change(path, ONE % "After")
    assert client.accounts()[0].name == "After"


def test_an_unchanged_file_is_not_read_again(path):
    client = YamlClient(path)
    assert client.accounts()[0] is client.accounts()[0]


def test_an_unknown_account(path):
    with pytest.raises(NoSuchAccount, match="there is no account NL00"):
        YamlClient(path).account("NL00")


def test_a_file_that_breaks_while_we_run(path):
    client = YamlClient(path)
    client.accounts()
    change(path, "accounts: [")
    with pytest.raises(ClientError, match=r"accounts\.yml:1: not YAML"):
        client.accounts()


def test_a_file_that_goes_away(path):
    client = YamlClient(path)
    path.unlink()
    with pytest.raises(ClientError, match="No such file"):
        client.accounts()
