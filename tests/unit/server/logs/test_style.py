import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.logs.style import change, classes, follow, stylesheet


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", ""),
        ("0", ""),
        ("1;31", "ansi-bold ansi-fg-1"),
        ("32;41", "ansi-fg-2 ansi-bg-1"),
        ("91;104", "ansi-fg-9 ansi-bg-12"),
        ("38;5;208", "ansi-fg-208"),
        ("38:5:208", "ansi-fg-208"),
        ("48;5;17;1", "ansi-bold ansi-bg-17"),
        ("38;2;255;0;0", "ansi-fg-196"),
        ("38:2::255:0:0", "ansi-fg-196"),
        ("48;2;9;9;9", "ansi-bg-232"),
        ("58;5;9;3", "ansi-italic"),
        ("4:3", "ansi-underline"),
        ("4;4:0", ""),
        ("21", "ansi-underline"),
        ("7", "ansi-fg-back ansi-bg-fore"),
        ("7;31;44", "ansi-fg-4 ansi-bg-1"),
        ("1;2;3;4;9;22", "ansi-italic ansi-underline ansi-strike"),
        ("31;39;41;49", ""),
        ("31;0", ""),
        ("31;", ""),
        ("5;8;10;53;999", ""),
        ("38;5;256", ""),
        ("38;5", "ansi-fg-0"),
        ("38;2;1;2", "ansi-fg-16"),
        ("38;9;31", "ansi-fg-1"),
        ("9" * 60, ""),
        ("::;;:", ""),
    ],
)
def test_parameters_make_classes(parameters, expected):
    assert classes(change("", parameters)) == expected


def test_a_style_is_carried_on_and_changed():
    style = follow("", b"\x1b[31mred \x1b[1mbold")
    assert classes(style) == "ansi-bold ansi-fg-1"
    assert classes(follow(style, b"\x1b[22m")) == "ansi-fg-1"
    assert follow(style, b"\x1b[m") == ""


def test_only_true_sgr_sequences_count():
    assert follow("", b"\x1b[>4;2m\x1b[?1m\x1b[1 m\x1b[1K[31m\x1b[31") == ""
    assert follow("", b"\x1b[" + b"1;" * 40 + b"31m") == ""


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789;:", max_size=40), st.text("0123456789;:", max_size=40))
def test_a_style_is_canonical_and_makes_itself(before, parameters):
    style = change(change("", before), parameters)
    assert change("", style) == style
    assert (style == "") == (classes(style) == "")


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789;:", max_size=40))
def test_every_class_has_a_rule(parameters):
    rules = stylesheet()
    assert all(f".{name}{{" in rules for name in classes(change("", parameters)).split())
