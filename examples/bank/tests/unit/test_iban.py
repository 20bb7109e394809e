import pytest

from bank import iban

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("number", ["NL13TEST0123456789", "GB82WEST12345698765432"])
def test_valid(number):
    assert iban.valid(number)


@pytest.mark.parametrize(
    "number", ["", "NL14TEST0123456789", "nl13TEST0123456789", "NL13", "NL13TEST01234567890" * 3]
)
def test_not_valid(number):
    assert not iban.valid(number)


def test_grouped_by_four():
    assert iban.grouped("NL13TEST0123456789") == "NL13 TEST 0123 4567 89"
