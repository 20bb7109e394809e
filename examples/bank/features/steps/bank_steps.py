from behave import given, then, when
from webtest import TestApp

from bank.app import create_app
from bank.config import load_config

NUMBERS = ["NL13TEST0123456789", "NL62TEST0987654321", "NL98TEST0555000111"]
ACCOUNT = "  - number: {number}\n    name: {name}\n    holder: A. Holder\n    opening: {opening}\n"
MUTATION = "      - {{date: {date}, amount: {amount}, description: {description}}}\n"


def open_bank(context):
    path = context.folder / "bank.yml"
    path.write_text("name: Feature Bank\nclient: {kind: yaml, path: accounts.yml}\n", "utf-8")
    text = "".join(context.accounts.values())
    accounts = context.folder / "accounts.yml"
    accounts.write_text("accounts:\n" + text if text else "accounts: []\n", "utf-8")
    return TestApp(create_app(load_config(path)))


def rows(page):
    return [
        [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
        for row in page.html.select("tbody tr")
    ]


@given('an account "{name}" that opened with {opening}')
def an_account(context, name, opening):
    number = NUMBERS[len(context.accounts)]
    context.accounts[name] = ACCOUNT.format(number=number, name=name, opening=opening)


@given('these mutations on "{name}"')
def mutations(context, name):
    lines = (MUTATION.format(**row.as_dict()) for row in context.table)
    context.accounts[name] += "    mutations:\n" + "".join(lines)


@given("a bank without accounts")
def no_accounts(context):
    assert not context.accounts


@when("I open the bank")
def open_it(context):
    context.page = open_bank(context).get("/")


@when('I choose "{name}"')
def choose(context, name):
    context.page = context.page.click(name)


@when('I ask for "{text}" in "{month}"')
def ask_both(context, text, month):
    context.page.form["text"] = text
    context.page.form["month"] = month
    context.page = context.page.form.submit()


@when('I ask for "{text}"')
def ask(context, text):
    context.page.form["text"] = text
    context.page = context.page.form.submit()


@when('I follow a link to the account "{number}"')
def follow(context, number):
    context.page = open_bank(context).get("/accounts/" + number, status="*")


@then("I see these mutations")
def see_mutations(context):
    expected = [[row["date"], row["description"]] for row in context.table]
    found = [row[:2] for row in rows(context.page)]
    assert found == expected, found


@then('together they are "{amount}"')
def together(context, amount):
    found = context.page.html.select_one("#total").text.replace("\N{NO-BREAK SPACE}", " ")
    assert found == amount, found


@then('I read "{text}"')
def read(context, text):
    found = context.page.html.main.get_text(" ", strip=True).replace("\N{NO-BREAK SPACE}", " ")
    assert text in found, found


@then("the status is {status:d}")
def status(context, status):
    assert context.page.status_int == status
