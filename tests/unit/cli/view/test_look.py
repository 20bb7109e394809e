import io

import pytest

from fairlead.cli.view.look import Look, cells, clip, look_of


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Latin(Terminal):
    encoding = "iso-8859-1"


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm", "FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_follow_the_environment(environ, colour):
    assert look_of(Terminal(), environ).colour is colour


def test_a_file_has_no_colours_unless_forced():
    assert not look_of(io.StringIO(), {"TERM": "xterm"}).colour
    assert look_of(io.StringIO(), {"FORCE_COLOR": "1"}).colour


def test_symbols_need_an_encoding_and_a_locale():
    assert look_of(Terminal(), {"LANG": "de_DE.UTF-8"}).unicode
    assert look_of(Terminal(), {}).unicode
    assert not look_of(Terminal(), {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}).unicode
    assert not look_of(Latin(), {}).unicode


def test_width_is_given_or_eighty():
    assert look_of(Terminal(), {"COLUMNS": "132"}).width == 132
    assert look_of(Terminal(), {"COLUMNS": "wide"}).width == 80


def test_styles_are_left_out_without_colours():
    assert Look().style("word", "failed") == "word"
    assert Look(colour=True).style("word", "failed") == "\x1b[31mword\x1b[0m"
    assert not Look(colour=True).style("", "failed")


def test_ascii_says_the_same():
    look = Look(unicode=False)
    assert look.plain("a … b — c ✓") == "a ... b - c +"
    assert look.symbol("passed") == "+"
    assert Look().symbol("passed") == "✓"


def test_cells_count_columns_not_characters():
    assert cells("abc") == 3
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert clip("日本語", 5) == "日本…"
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"
