import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.cli.view.clean import clean, clean_lines, one_line, shorten


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("plain text", "plain text"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hhome", "home"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1;2|dcs\x1b\\after", "after"),
        ("\x1b_apc\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("\x1b(0line drawing", "line drawing"),
        ("10%\r20%\r100%", "100%"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("back\b\b\bike", "bike"),
        ("bell\x07 null\x00", "bell null"),
        ("access \u202eegdirb\u202c", "access egdirb"),
        ("unfinished \x1b[3", "unfinished "),
        ("caf\u00e9 \u2713", "caf\u00e9 \u2713"),
    ],
)
def test_text_loses_what_could_move_or_title_the_terminal(dirty, cleaned):
    assert clean(dirty) == cleaned


def test_an_unfinished_title_takes_no_more_than_its_line():
    assert clean("\x1b]0;never ended\nsecond") == "\nsecond"


def test_colours_stay_where_wanted_and_only_colours():
    assert clean("\x1b[1;31mred\x1b[2K\x1b[0m", colour=True) == "\x1b[1;31mred\x1b[0m"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x9b[]PX;0mJ\r\b\x07\\"))))
def test_whatever_comes_nothing_dangerous_is_left(text):
    left = clean(text)
    assert not set(left) & {*map(chr, range(0x20)), "\x7f", "\x9b", "\x9d"} - {"\n", "\t"}


@given(st.text(alphabet=string.ascii_letters + "\n "))
def test_harmless_text_stays_as_it_is(text):
    assert clean(text) == text


def test_lines_of_output_are_the_last_ones_and_never_torn():
    data = b"torn end of a line\none\ntwo\nthree\n"

    assert clean_lines(data, last=2, cut=True) == ["two", "three"]
    assert clean_lines(data, cut=True) == ["one", "two", "three"]
    assert clean_lines(b"") == []
    assert clean_lines(b"\xff\xfe\x00binary") == ["\ufffd\ufffdbinary"]


def test_a_single_long_line_keeps_its_beginning_and_its_length():
    assert clean_lines(b"x" * 5000, cut=True) == ["x" * 2000 + " … 3,000 characters more"]
    assert shorten("abc", 3) == "abc"


def test_one_line_is_the_first_that_says_something():
    assert one_line("\n  \x1b[1m two   words\x1b[0m\nmore") == "two words"
    assert not one_line("")
