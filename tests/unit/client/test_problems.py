import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.client.problems import refusal

JSON = "application/problem+json"
BASE = "https://ci.example.org"


def told(status, body, kind=JSON, phrase=""):
    return refusal(status, phrase, kind, msgspec.json.encode(body), BASE)


def test_a_problem_is_told_in_the_words_of_the_server():
    error = told(404, {"title": "Not Found", "status": 404, "detail": "there is no build 7"})
    assert (error.message, error.status) == ("there is no build 7", 404)
    assert told(422, {"title": "No", "detail": "what", "hint": "do so"}).hint == "do so"


def test_wrong_fields_are_named_once():
    errors = [
        {"where": "body.branch", "message": "too long"},
        {"loc": ["query", "limit"], "msg": "is"},
    ]
    error = told(422, {"detail": "body.branch: too long", "errors": errors})
    assert error.message == "body.branch: too long; query.limit: is"


@pytest.mark.parametrize(
    ("status", "words"), [(401, f"fairlead login {BASE}"), (403, "may not"), (404, "may not read")]
)
def test_hints(status, words):
    assert words in told(status, {"title": "No"}).hint


def test_what_is_no_problem_json_is_told_by_its_status():
    error = refusal(502, "Bad Gateway", "text/html", b"<h1>nginx</h1>", BASE)
    assert error.message == "the server answers 502 Bad Gateway"
    assert refusal(500, "Oh", JSON, b"{]", BASE).message == "the server answers 500 Oh"


def test_no_control_character_reaches_a_terminal():
    assert told(400, {"detail": "a\x1b[31mb\x9bc"}).message == "a [31mb c"
    assert len(told(400, {"detail": "x" * 10_000}).message) < 600


@given(st.binary(max_size=200))
def test_no_body_breaks_it(body):
    assert str(refusal(400, "Bad Request", JSON, body, BASE))
