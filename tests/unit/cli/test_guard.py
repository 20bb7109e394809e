"""What is said of errors, and how."""

import io

import pytest

from fairlead.cli.guard import guarded
from fairlead.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "\x1b[31merror\x1b[0m: there is no job 'x'\n"),
        ({"NO_COLOR": "1"}, "error: there is no job 'x'\n"),
        ({"NO_COLOR": ""}, "\x1b[31merror\x1b[0m: there is no job 'x'\n"),
    ],
)
def test_an_error_is_coloured_where_colours_are_wanted(monkeypatch, environ, said):
    def wrong():
        raise UsageError("there is no job 'x'")

    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert guarded(wrong) == 2
    assert terminal.getvalue() == said
