"""What a project lets start builds, read and refused."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.triggers.rules import Rules, read_rules

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_nothing_said_builds_all_and_holds_strangers_once():
    rules = read_rules({})
    assert (rules.branches, rules.approve, rules.zone, rules.parameters) == (
        (),
        "first",
        "UTC",
        None,
    )


def test_all_of_it_comes_back():
    told = {
        "events": ["push"], "branches": ["main"], "tags": ["v*"], "paths": ["src/"],
        "drafts": False, "forks": False, "approve": "always", "zone": "Europe/Berlin",
        "skip_built": 24, "parameters": [{"name": "LEVEL", "kind": "number", "default": "3"}],
    }  # fmt: skip
    rules = read_rules(told)
    assert {name: getattr(rules, name) for name in told} == {
        name: msgspec.convert(value, type(getattr(rules, name)))
        if name != "parameters"
        else rules.parameters
        for name, value in told.items()
    }
    assert rules.parameters[0].default == "3"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"brunches": []}, "unknown field `brunches`"),
        ({"branches": "main"}, r"branches"),
        ({"approve": "sometimes"}, "approve"),
        ({"zone": "Mars/Olympus"}, "no such time zone"),
        ({"zone": "../../etc/passwd"}, "no such time zone"),
        ({"skip_built": -1}, "skip_built"),
        ({"parameters": [{"name": "PATH"}]}, "a name that is not the job's to set"),
        ({"parameters": [{"name": "A", "kind": "choice"}]}, "a choice, and only a choice"),
        ([], "Expected `object`"),
        (None, "Expected `object`"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(told, said):
    with pytest.raises(TriggerInvalid, match=said):
        read_rules(told)


@given(JSON | st.dictionaries(st.sampled_from(Rules.__struct_fields__), JSON))
def test_any_json_is_rules_or_refused(told):
    with contextlib.suppress(TriggerInvalid):
        assert isinstance(read_rules(told), Rules)
