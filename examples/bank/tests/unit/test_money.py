from decimal import Decimal

import pytest

from bank import money

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "amount"),
    [("45", "45.00"), ("-45.2", "-45.20"), ("+0.01", "0.01"), ("999999999999999.99",) * 2],
)
def test_reads_exact_amounts(text, amount):
    assert str(money.parse(text)) == amount


@pytest.mark.parametrize("text", ["", "1,50", "1.234", "1e3", "NaN", "1 000", "ten", "٣", ".5"])
def test_refuses_what_is_not_an_amount(text):
    with pytest.raises(ValueError, match="is not an amount"):
        money.parse(text)


def test_sums_have_no_rounding_errors():
    assert sum([money.parse("0.10")] * 3) == Decimal("0.30")


@pytest.mark.parametrize(
    ("amount", "sign", "shown"),
    [
        ("1250", False, "€\N{NO-BREAK SPACE}1,250.00"),
        ("-0.5", False, "\N{MINUS SIGN}€\N{NO-BREAK SPACE}0.50"),
        ("10", True, "+€\N{NO-BREAK SPACE}10.00"),
        ("0", True, "€\N{NO-BREAK SPACE}0.00"),
    ],
)
def test_shows_amounts(amount, sign, shown):
    assert money.show(Decimal(amount), "EUR", sign=sign) == shown


def test_an_unknown_currency_is_shown_by_its_code():
    assert money.show(Decimal(1), "CHF") == "CHF\N{NO-BREAK SPACE}1.00"
