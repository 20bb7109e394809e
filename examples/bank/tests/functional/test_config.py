import pytest

from bank.__main__ import main
from bank.config import ConfigError, load_config

pytestmark = pytest.mark.functional

ACCOUNT = "accounts: [{number: NL13TEST0123456789, name: A, holder: B, %s}]"


def test_reads_the_name_and_the_accounts(bank_yml):
    config = load_config(bank_yml)
    assert config.name == "Test Bank"
    assert [account.name for account in config.client.accounts()] == ["Household", "Savings"]


def test_the_sample_is_valid(request):
    config = load_config(request.config.rootpath / "bank.yml")
    assert len(config.client.accounts()) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "bank.yml: is empty"),
        ("name: [", "bank.yml:1: not YAML"),
        ("- a", "bank.yml:1: expected keys (name, client)"),
        ("name: A\n", "bank.yml:1: 'client' is missing"),
        ("name: A\nname: B\nclient: {}", "bank.yml:2: the key 'name' is there twice"),
        (
            "name: A\nclient: {}\ncolour: red",
            "bank.yml:3: unknown key 'colour'; known: name, client",
        ),
        ("name: A\nclient:\n  path: x", "bank.yml:3: 'kind' is missing"),
        (
            "name: A\nclient:\n  kind: swift",
            "bank.yml:3: unknown kind of client 'swift'; known: yaml",
        ),
        ("name: A\nclient:\n  kind: yaml", "bank.yml:3: 'path' is missing"),
        ("name: {a: b}\nclient: {kind: yaml, path: a.yml}", "bank.yml:1: expected a text"),
        ("name: A\nclient: {kind: yaml, path: a.yml, url: b}", "bank.yml:2: unknown key 'url'"),
        ("name: A\nclient: {kind: yaml, path: none.yml}", "none.yml: cannot be read: No such file"),
    ],
)
def test_a_mistake_in_the_configuration_names_its_line(write, text, message):
    write("a.yml", "accounts: []")
    path = write("bank.yml", text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accounts: yes", "a.yml:1: expected a list"),
        ("accounts:\n  - {number: NL14TEST0123456789, name: A, holder: B}", "a.yml:2: 'NL14TEST"),
        (ACCOUNT % "opening: 1.234", "a.yml:1: '1.234' is not an amount"),
        (ACCOUNT % "mutations: [{date: 2024-02-30, amount: 1, description: C}]", "a.yml:1: "),
        (ACCOUNT % "mutations: [{date: 20240201, amount: 1, description: C}]", "20240201"),
        (ACCOUNT % "mutations: [{date: 2024-02-01, amount: 1}]", "'description' is missing"),
        (
            "accounts:\n  - &a {number: NL13TEST0123456789, name: A, holder: B}\n  - *a",
            "account NL13TEST0123456789 is there twice",
        ),
    ],
)
def test_a_mistake_in_the_accounts_names_its_line(write, text, message):
    write("a.yml", text)
    path = write("bank.yml", "name: A\nclient: {kind: yaml, path: a.yml}")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert message in str(caught.value)


def test_a_file_that_is_not_utf8(write):
    path = write("bank.yml", "")
    path.write_bytes(b"name: \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_the_command_line_checks_a_configuration(bank_yml, write, capsys):
    assert main([str(bank_yml), "--check"]) == 0
    assert main([str(write("bad.yml", "name: A")), "--check"]) == 2
    assert "bad.yml:1: 'client' is missing" in capsys.readouterr().err
