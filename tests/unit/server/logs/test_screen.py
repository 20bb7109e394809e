import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.logs.screen import plain, plain_lines, runs

HOSTILE = (
    "\x1b[2J\x1b[H\x1b]0;t\x07\x1b]8;;http://x\x1b\\\x1bP1$r\x1b\\\x1b(B\x1b=\x1b_a\x07\x1b^b\x07"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext", "plain\ttext"),
        ("dos\r", "dos"),
        ("dos\r\r", "dos"),
        ("10%\r20%\r100%", "100%"),
        ("Downloading\rDone", "Doneloading"),
        ("Downloading\r\x1b[KDone", "Done"),
        ("Downloading\r\x1b[2KDone", "Done"),
        ("Downloading\x1b[2K\rDone", "Done"),
        ("Downloading\x1b[2K\x1b[1GDone", "Done"),
        ("abc\x1b[2Kd", "   d"),
        ("abc\x1b[2Kd\rx", "x  d"),
        ("abc\x1b[2K", ""),
        ("abc\bd", "abd"),
        ("\b\ba", "a"),
        ("-\b\\\b|\b/", "/"),
        ("abc\b\b\x1b[K", "a"),
        ("grep \x1b[01;31m\x1b[Kword\x1b[m\x1b[K end", "grep word end"),
        (f"a{HOSTILE}b", "ab"),
        ("a\x1b", "a"),
        ("a\x1b[", "a"),
        ("a\x1b[31", "a"),
        ("a\x1b]0;never ended", "a"),
        ("a\x00\x07\x0b\x0c\x7f\x85\x9b31mb", "a31mb"),
        ("user\u202enimda\u2066x\u2028", "usernimdax"),
    ],
)
def test_what_a_terminal_shows(text, expected):
    assert plain(text) == expected


def test_styles_stay_with_their_characters():
    shown, after = runs("\x1b[31mabcd\r\x1b[32mx\x1b[0m", "")
    assert shown == [("38;5;2", "x"), ("38;5;1", "bcd")]
    assert after == ""


def test_neighbours_of_one_style_are_one_run():
    assert runs("a\x1b[31m\x1b[31mb\x1b[Kc", "1")[0] == [("1", "a"), ("1;38;5;1", "bc")]


def emulated(tokens):
    """A terminal of one line, as slow and simple as can be."""
    cells, column = {}, 0
    for token in tokens:
        if token == "\r":
            column = 0
        elif token == "\b":
            column = max(0, column - 1)
        elif token == "\x1b[K":
            cells = {at: text for at, text in cells.items() if at < column}
        elif token == "\x1b[2K":
            cells = {}
        else:
            for character in token:
                cells[column] = character
                column += 1
    return "".join(cells.get(at, " ") for at in range(max(cells, default=-1) + 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "bc", "def", "\r", "\b", "\x1b[K", "\x1b[2K"])))
def test_as_a_simple_terminal(tokens):
    while tokens and tokens[-1] == "\r":
        tokens.pop()
    assert plain("".join(tokens)) == emulated(tokens)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "\n", "\r\n", "\x1b[31m", "\x1b]0;", "\x07", "\x1b[", "\x00", "\x1b[K"])))  # fmt: skip
def test_many_lines_at_once_are_the_same(tokens):
    text = "".join(tokens)
    assert plain_lines(text) in (None, "\n".join(map(plain, text.split("\n"))))


def test_moving_lines_are_not_done_at_once():
    assert plain_lines("a\r\nb\r\n") == "a\nb\n"
    assert plain_lines("a\rb\n") is None
    assert plain_lines("a\x1b[1Gb\n") is None
