import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.document import load
from fairlead.pipeline.travis.env import assignments, bash_word, cipher_key, read_env
from fairlead.pipeline.travis.nodes import Problems


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", [("A", "1")]),
        ("A=1 B=2", [("A", "1"), ("B", "2")]),
        ("A=\"x y\" B='p q'", [("A", '"x y"'), ("B", "'p q'")]),
        ("A= B=2", [("A", ""), ("B", "2")]),
        ("A=", [("A", "")]),
        ("A=$(date +%Y) B=2", [("A", "$(date +%Y)"), ("B", "2")]),
        ("A=$(f $(g h)) B=2", [("A", "$(f $(g h))"), ("B", "2")]),
        ("A=`date +%Y` B=2", [("A", "`date +%Y`"), ("B", "2")]),
        ('A="say \\"hi\\" B=2"', [("A", '"say \\"hi\\" B=2"')]),
        ("A=a\\ b B=2", [("A", "a\\ b"), ("B", "2")]),
        ("A=x=y", [("A", "x=y")]),
        ("  A=1   B=2 ", [("A", "1"), ("B", "2")]),
        ("A=--opt=1 word B=2", [("A", "--opt=1"), ("B", "2")]),
        ('PRE"x"=1', []),
        ("no assignment", []),
        ("", []),
        ('A=pre"mid dle"post', [("A", 'pre"mid dle"post')]),
    ],
)
def test_assignments_split_as_bash_would(line, expected):
    assert assignments(line) == expected


names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True)


@given(st.lists(st.tuples(names, st.text(max_size=12)), max_size=5))
def test_quoted_values_come_back_whole(pairs):
    line = " ".join(f"{name}={shlex.quote(value)}" for name, value in pairs)
    assert assignments(line) == [(name, shlex.quote(value)) for name, value in pairs]


@given(st.text(max_size=40))
def test_any_line_is_read_without_an_error(line):
    for name, _value in assignments(line):
        assert re.fullmatch(r"\w+", name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ('say "hi" now', '"say \\"hi\\" now"'),
        ("'two words'", "'two words'"),
        ("$HOME/x y", '"$HOME/x y"'),
        ("$(date +%Y)", "$(date +%Y)"),
        ("", ""),
        ("a;b", '"a;b"'),
    ],
)
def test_values_of_mappings_become_one_word(value, expected):
    assert bash_word(value) == expected


def read(text):
    problems = Problems()
    env = read_env(load(text.encode(), "f"), problems)
    rows = [[(var.name, var.value) for var in row] for row in env.rows]
    return [(var.name, var.value) for var in env.shared], rows, problems.warnings


@pytest.mark.parametrize(
    ("text", "shared", "rows"),
    [
        ("A=1", [], [[("A", "1")]]),
        ("[A=1, B=2]", [], [[("A", "1")], [("B", "2")]]),
        ("[A=1 B=2]", [], [[("A", "1"), ("B", "2")]]),
        ("{A: 1, B: x y}", [], [[("A", "1"), ("B", '"x y"')]]),
        ("[{A: 1, B: 2}, C=3]", [], [[("A", "1"), ("B", "2")], [("C", "3")]]),
        ("{global: A=1}", [("A", "1")], []),
        ("{global: [A=1, {B: 2}]}", [("A", "1"), ("B", "2")], []),
        ("{global: {A: 1}, jobs: [B=2, C=3]}", [("A", "1")], [[("B", "2")], [("C", "3")]]),
        ("{matrix: [B=2, C=3]}", [], [[("B", "2")], [("C", "3")]]),
        ("{A: }", [], [[("A", "")]]),
        ("{A: 3.10, B: yes}", [], [[("A", "3.10"), ("B", "yes")]]),
        ("[]", [], []),
        ("", [], []),
    ],
)
def test_the_forms_of_env(text, shared, rows):
    assert read(text)[:2] == (shared, rows)


def test_what_sets_no_variable_is_said():
    warnings = read("[A=1, nonsense]")[2]
    assert "sets no variable" in str(warnings[0])
    assert warnings[0].location.line == 1


def test_encrypted_values_are_known_by_their_hash():
    env = read_env(load(b'[secure: "ab\\\n  cd", {TOKEN: {secure: abcd}}]', "f"), Problems())
    first, second = (row[0] for row in env.rows)
    assert first.cipher == second.cipher == cipher_key(" ab\ncd ")
    assert (first.name, second.name) == ("", "TOKEN")
