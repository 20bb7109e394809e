"""Builds that somebody asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.model import Trigger
from fairlead.triggers.manual import Parameter, check_declared, manual, parameters

B = "b" * 40
ASKED = {"repository": "acme/bank", "commit": B, "author": "alice"}


@pytest.mark.parametrize(
    ("ref", "branch", "tag", "full"),
    [
        ("main", "main", None, "refs/heads/main"), ("refs/heads/a/b", "a/b", None, "refs/heads/a/b"),
        ("refs/tags/v1", None, "v1", "refs/tags/v1"),
    ],
)  # fmt: skip
def test_a_build_of_a_branch_or_tag(ref, branch, tag, full):
    assert manual(ref=ref, **ASKED) == Trigger(
        event="manual",
        repository="acme/bank",
        branch=branch,
        tag=tag,
        commit=B,
        author="alice",
        ref=full,
    )


def test_a_program_or_a_schedule_asks_too():
    assert manual(ref="main", event="api", **ASKED).event == "api"
    assert (
        manual(ref="main", event="cron", message="m\0", **ASKED).message
        == "m\N{REPLACEMENT CHARACTER}"
    )
    with pytest.raises(TriggerInvalid, match="not an event that somebody asks for: 'push'"):
        manual(ref="main", event="push", **ASKED)


@pytest.mark.parametrize("ref", ["", "--all", "refs/pull/1/head", "a b", "refs/tags/"])
def test_what_is_no_branch_or_tag_is_refused(ref):
    with pytest.raises(TriggerInvalid):
        manual(ref=ref, **ASKED)


@pytest.mark.parametrize("commit", ["main", "b" * 7, "0" * 40, "-x"])
def test_a_commit_is_a_full_id(commit):
    with pytest.raises(TriggerInvalid):
        manual(ref="main", **ASKED | {"commit": commit})


DECLARED = (
    Parameter(name="TARGET", kind="choice", choices=("staging", "production"), default="staging"),
    Parameter(name="COUNT", kind="number"),
    Parameter(name="dry_run", kind="flag", default="yes"),
    Parameter(name="NOTE", default=""),
)


def test_parameters_come_in_the_order_of_their_declaration():
    trigger = manual(
        ref="main", given={"NOTE": "a b\n'$(id)'", "COUNT": "-1.5"}, declared=DECLARED, **ASKED
    )
    assert trigger.parameters == (
        ("TARGET", "staging"), ("COUNT", "-1.5"), ("dry_run", "true"), ("NOTE", "a b\n'$(id)'"),
    )  # fmt: skip


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(TriggerInvalid) as error:
        parameters({"TARGET": "moon", "dry_run": "maybe", "OTHER": "1"}, DECLARED)
    assert error.value.message.splitlines() == [
        "'OTHER' is no parameter (known: TARGET, COUNT, dry_run, NOTE)",
        "TARGET: not one of staging, production",
        "COUNT: a value is needed",
        "dry_run: neither true nor false",
    ]


@pytest.mark.parametrize("value", ["", "1e9", "0x10", "1,5", " 1", "\u0661", "9" * 19])
def test_what_is_no_number(value):
    with pytest.raises(TriggerInvalid, match="COUNT: not a number"):
        parameters({"COUNT": value}, DECLARED)


@pytest.mark.parametrize("value", ["x" * 4097, "a\0b", "\ud800"])
def test_what_no_variable_can_hold(value):
    with pytest.raises(TriggerInvalid, match="NOTE: a text of at most 4096 characters is needed"):
        parameters({"NOTE": value, "COUNT": "1"}, DECLARED)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "path",
        "LD_PRELOAD",
        "GIT_DIR",
        "FAIRLEAD_COMMIT",
        "BASH_ENV",
        "PYTHONPATH",
        "IFS",
        "CI",
    ],
)
def test_names_that_are_not_the_jobs_to_set(name):
    with pytest.raises(TriggerInvalid, match="not the job's to set"):
        parameters({name: "x"}, None)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "A\n", "\u00c4", "A" * 65])
def test_names_that_no_variable_has(name):
    with pytest.raises(TriggerInvalid, match="not a name of a variable"):
        parameters({name: "x"}, None)


def test_without_a_declaration_any_or_none_are_taken():
    assert parameters({"B": "1", "A": "2"}, None) == (("B", "1"), ("A", "2"))
    with pytest.raises(TriggerInvalid, match="'A' is no parameter \\(it takes none\\)"):
        parameters({"A": "2"}, ())
    with pytest.raises(TriggerInvalid, match="51 parameters; at most 50 are taken"):
        parameters({f"A{n}": "" for n in range(51)}, None)


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (Parameter(name="A", kind="date"), "the kind is one of text, number, flag, choice"),
        (Parameter(name="A", kind="choice"), "a choice, and only a choice, has choices"),
        (Parameter(name="A", choices=("x",)), "a choice, and only a choice, has choices"),
        (Parameter(name="A", kind="number", default="x"), "not a number"),
        (Parameter(name="A", kind="number", default="7"), ""),
    ],
)  # fmt: skip
def test_declarations_are_checked_themselves(declared, problem):
    assert check_declared(declared) == problem


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_what_passes_can_be_put_into_an_environment(given_values):
    try:
        pairs = parameters(given_values, None)
    except TriggerInvalid:
        return
    assert all(
        name.isidentifier() and "\0" not in value and value.encode() is not None
        for name, value in pairs
    )
