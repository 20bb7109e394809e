import json
import logging
import sys

import pytest

from fairlead.errors import FairleadError
from fairlead.server.configuration import load_configuration
from fairlead.server.serving.journal import JsonLines, TextLines, hiding, keep_journal

TOKEN = "fl_" + "a1-_" * 10


def record(message, *words, trace=None):
    made = logging.LogRecord("fairlead.x", logging.WARNING, "x.py", 1, message, words, trace)
    made.created = 0.0
    return made


def broken():
    try:
        int(f"first\nsecond {TOKEN}")
    except ValueError:
        return sys.exc_info()


def test_text_is_one_line_with_time_level_and_part():
    line = TextLines("web", hiding(())).format(record("%s happened", "it"))
    assert line == "1970-01-01T00:00:00Z warning web: it happened"


def test_names_forge_no_lines_and_command_no_terminal():
    line = TextLines("web", hiding(())).format(record("branch %s", "x\n1970 info web: \x1b[2J"))
    assert "\n" not in line
    assert "\x1b" not in line
    assert r"x\n1970" in line


def test_a_traceback_stays_on_its_line():
    line = TextLines("web", hiding(())).format(record("broke", trace=broken()))
    assert "\n" not in line
    assert "broke | Traceback" in line
    assert TOKEN not in line


def test_json_has_the_same_and_a_trace():
    line = JsonLines("worker", hiding(())).format(record("broke\n", trace=broken()))
    fields = json.loads(line)
    assert "\n" not in line
    assert (fields["level"], fields["part"], fields["logger"]) == (
        "warning",
        "worker",
        "fairlead.x",
    )
    assert fields["message"] == "broke\n"
    assert "ValueError" in fields["trace"]
    assert TOKEN not in line


def test_json_takes_names_that_are_no_text():
    fields = json.loads(JsonLines("web", hiding(())).format(record("\udcff")))
    assert fields["message"] == r"\udcff"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {TOKEN} of ci", "token *** of ci"),
        ("at https://ci/welcome/MQ/abc-123/ now", "at https://ci/welcome/***/ now"),
        ("postgresql://me:pass%20word@db/x", "postgresql://me:***@db/x"),
        ("host=db password=hunter2 user=me", "host=db password=*** user=me"),
        (r"password='a\' b' user=me", "password=*** user=me"),
        ("signed with the-key!", "signed with ***"),
        ("nothing secret in postgresql://me@db/x", "nothing secret in postgresql://me@db/x"),
    ],
)
def test_secrets_are_masked(text, shown):
    assert hiding(("the-key!", ""))(text) == shown


def test_an_unknown_form_is_refused():
    told = load_configuration({"FAIRLEAD_DATA": "/x", "FAIRLEAD_LOG_FORMAT": "xml"})
    with pytest.raises(FairleadError, match="xml") as raised:
        keep_journal(told, "web")
    assert "text, json" in raised.value.hint
