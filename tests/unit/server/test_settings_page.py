"""The page of all settings says of each what the code does."""

import re
from pathlib import Path

import msgspec
import pytest

from fairlead.server.configuration import Configuration, Intervals

PAGE = Path(__file__).parents[3] / "docs/reference/server-settings.md"
ROWS = {
    name: (default, words)
    for name, default, words in re.findall(
        r"^\| `(FAIRLEAD_\w+)` \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
}
OWN_WORDS = {
    "FAIRLEAD_DATA",
    "FAIRLEAD_DEPLOYS",
    "FAIRLEAD_STORAGE",
    "FAIRLEAD_SECRET_KEY",
    "FAIRLEAD_URL",
}
"""Whose default depends on others."""

FIELDS = {
    f"FAIRLEAD_{field.name.upper()}": field.default
    for field in msgspec.structs.fields(Configuration)
    if field.name != "intervals"
} | {
    f"FAIRLEAD_EVERY_{field.name.upper()}": field.default
    for field in msgspec.structs.fields(Intervals)
}


def shown(value):
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value:g}`" if isinstance(value, float) and value < 1e6 else f"`{value}`"


def test_all_are_there_and_no_others():
    assert ROWS.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - OWN_WORDS))
def test_defaults_are_those_of_the_code(name):
    default, words = ROWS[name]
    value = FIELDS[name]
    expected = "none" if value in ("", ()) else shown(value)
    assert default == expected or default.startswith(f"{expected}, ")
    assert words.endswith(".")
