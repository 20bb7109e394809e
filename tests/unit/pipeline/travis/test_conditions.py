import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.travis.conditions import ConditionError, Facts, parse

FACTS = Facts(
    attributes={
        "type": "push",
        "repo": "me/app",
        "branch": "master",
        "tag": None,
        "commit_message": "fix the (thing)",
        "sender": "deploy bot",
        "fork": False,
        "os": "linux",
    },
    env={"FOO": "foo-1", "EMPTY": "", "YES": "true", "NAME": "FOO", "PATTERN": "^mas"},
)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "branch = master",
        "branch == master",
        "branch != develop",
        "branch = 'master'",
        'sender = "deploy bot"',
        "branch =~ ^mas",
        "branch ~= ^mas",
        "branch =~ /^(master|develop)$/",
        "branch =~ ^(master|develop)$",
        "(branch =~ ^mas) AND type = push",
        "branch !~ ^dev",
        "branch =~ env(PATTERN)",
        "branch IN (develop, master)",
        "branch in (master)",
        "branch NOT IN (develop, 'old one')",
        "NOT branch IN (develop)",
        "tag IS blank",
        "tag IS NOT present",
        "NOT tag IS present",
        "branch IS present",
        "env(EMPTY) IS blank",
        "env(MISSING) IS blank",
        "env(FOO) = foo-1",
        'env("FOO") =~ ^foo-',
        "env(env(NAME)) = foo-1",
        "env(YES)",
        "env(YES) = true",
        "env(YES) IS true",
        "fork = false",
        "fork IS false",
        "fork IS NOT true",
        "NOT fork",
        "!fork",
        "! fork && true",
        "concat(branch, '-', os) = master-linux",
        "concat(env(FOO), x) = foo-1x",
        "1=1",
        "true != false",
        "branch = a OR branch = master",
        "branch = a || branch = master",
        "branch = master AND type = push",
        "branch = master && type = push",
        "false AND false OR true",
        "true OR false AND false",
        "NOT (branch = a OR branch = b)",
        "not not true",
        "commit_message !~ /no-deploy/",
        "commit_message =~ /\\(thing\\)/",
        "branch = master AND \\\n  type = push",
        "  branch\n=\nmaster  ",
        "repo IN (me/app, env(OTHER))",
        "TAG IS blank and Branch = master",
        "nothing != master",
        "orange != apple",
    ],
)
def test_these_hold(text):
    assert parse(text)(FACTS) is True


@pytest.mark.parametrize(
    "text",
    [
        "false",
        "branch = develop",
        "branch = Master",
        "branch =~ ^ster",
        "branch IN (a, b)",
        "tag IS present",
        "tag =~ .*",
        "fork",
        "type IN (cron, api)",
        "true AND false",
        "NOT true OR false",
        "branch =~ env(MISSING) AND false",
        "env(FOO) IS blank",
    ],
)
def test_these_do_not(text):
    assert parse(text)(FACTS) is False


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "a value is expected"),
        ("branch =", "a value is expected at the end"),
        ("branch = a branch = b", "an operator"),
        ("(branch = a", "a closing parenthesis"),
        ("branch IN ()", "a list of values"),
        ("branch IN a", "a list in parentheses"),
        ("branch IN (a b)", "a comma"),
        ("branch IS master", "present, blank"),
        ("$BRANCH = a", 'env("BRANCH")'),
        ("branch = ${X}", 'env("X")'),
        ("branch = 'open", "closing quote"),
        ("branch =~ /a(/", "not a regular expression"),
        ("branch =~", "a regular expression"),
        ("env() = a", "takes one name"),
        ("(" * 500 + "true" + ")" * 500, "too many parentheses"),
    ],
)
def test_what_is_no_condition_says_where(text, part):
    with pytest.raises(ConditionError, match=re.escape(part)):
        parse(text)


def test_quoted_text_may_begin_with_a_dollar():
    assert parse("'$x' = \"$x\"")(FACTS)


words = st.sampled_from(["branch", "master", "tag", "'two words'", '"x"', "env(FOO)", "1.0"])
values = {
    "branch": "master",
    "master": "master",
    "tag": None,
    "'two words'": "two words",
    '"x"': "x",
    "env(FOO)": "foo-1",
    "1.0": "1.0",
}


@st.composite
def atoms(draw):
    left, right = draw(words), draw(words)
    kind = draw(st.sampled_from(["=", "!=", "IN", "NOT IN", "IS present", "IS NOT blank"]))
    a, b = values[left], values[right]
    if kind in ("=", "!="):
        return f"{left} {kind} {right}", (a == b) is (kind == "=")
    if kind in ("IN", "NOT IN"):
        return f"{left} {kind} ({right}, master)", (a in (b, "master")) is (kind == "IN")
    return f"{left} {kind}", bool(a)


def combined(children):
    return st.one_of(
        st.tuples(children, children).map(
            lambda p: (f"({p[0][0]} AND {p[1][0]})", p[0][1] and p[1][1])
        ),
        st.tuples(children, children).map(
            lambda p: (f"({p[0][0]} || {p[1][0]})", p[0][1] or p[1][1])
        ),
        children.map(lambda c: (f"NOT ({c[0]})", not c[1])),
    )


@given(st.recursive(atoms(), combined, max_leaves=8))
def test_any_expression_means_what_it_says(pair):
    text, expected = pair
    assert parse(text)(FACTS) is expected


@given(
    st.lists(st.tuples(st.sampled_from(["AND", "OR"]), st.booleans()), max_size=6), st.booleans()
)
def test_and_binds_closer_than_or(rest, first):
    text = " ".join([str(first), *(f"{op} {value}" for op, value in rest)])
    python = text.replace("AND", "and").replace("OR", "or")
    assert parse(text)(FACTS) is eval(python)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_condition_error(text):
    try:
        condition = parse(text)
    except ConditionError:
        return
    assert condition(FACTS) in (True, False)
