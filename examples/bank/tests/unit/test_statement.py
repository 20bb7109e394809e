from decimal import Decimal

import pytest

from bank.model import Account
from bank.statement import BadFilter, Filter, make_statement

pytestmark = pytest.mark.unit


def test_lines_are_newest_first_with_the_balance_after_each(account):
    lines = make_statement(account, Filter()).lines
    assert [str(line.mutation.date) for line in lines] == ["2024-02-01", "2024-01-24", "2024-01-02"]
    assert [str(line.balance) for line in lines] == ["1104.95", "2089.95", "89.90"]


def test_the_newest_balance_is_the_accounts_own(account):
    assert make_statement(account, Filter()).lines[0].balance == account.balance


def test_a_filter_changes_sums_but_not_balances(account):
    statement = make_statement(account, Filter(month="2024-02"))
    assert [line.balance for line in statement.lines] == [account.balance]
    assert statement.spent == Decimal("-985.00")
    assert statement.received == 0


def test_sums(account):
    statement = make_statement(account, Filter())
    assert statement.received == Decimal("2000.05")
    assert statement.spent == Decimal("-995.10")
    assert statement.total == account.balance - account.opening


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(text="SALARY"), ["Salary"]),
        (Filter(text="corner"), ["Groceries"]),
        (Filter(month="2024-01"), ["Salary", "Groceries"]),
        (Filter(month="2024-01", text="salary"), ["Salary"]),
        (Filter(text="nothing like it"), []),
    ],
)
def test_filters(account, wanted, found):
    lines = make_statement(account, wanted).lines
    assert [line.mutation.description for line in lines] == found


@pytest.mark.parametrize("month", ["2024", "2024-13", "2024-1", "March", "2024-01-01"])
def test_a_month_must_be_one(month):
    with pytest.raises(BadFilter, match="is not a month"):
        Filter(month=month)


def test_months_are_newest_first(account):
    assert account.months == ("2024-02", "2024-01")


def test_an_account_without_mutations_has_its_opening_balance():
    empty = Account(number="", name="", holder="", opening=Decimal("5.00"))
    assert empty.balance == Decimal("5.00")
    assert make_statement(empty, Filter()).total == 0
