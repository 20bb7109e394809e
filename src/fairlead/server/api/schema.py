"""The OpenAPI document: what ninja knows of the requests, and of the answers our own types."""

from http import HTTPStatus
from inspect import cleandoc
from typing import Any

import msgspec
from ninja import NinjaAPI

from fairlead.server.api.problems import MEDIA_TYPE, Problem
from fairlead.server.api.route import Told, routes

_ABOUT = """\
Builds, their logs, tests and artifacts, and what they are made of.

Say who you are with a token: `Authorization: Bearer fl_...`. Lists come a page at a time, with
the URL of the `next` page. Errors are `application/problem+json` (RFC 9457). Answers have an
`ETag` to send back in `If-None-Match`. The headers `RateLimit-Limit`, `RateLimit-Remaining` and
`RateLimit-Reset` (seconds) tell how many requests a minute are left.
"""
_HEADERS = {
    name: {"description": words, "schema": {"type": "integer"}}
    for name, words in (
        ("RateLimit-Limit", "Requests a minute"),
        ("RateLimit-Remaining", "Requests left"),
        ("RateLimit-Reset", "Seconds until all are left again"),
    )
}


def document(api: NinjaAPI, base: str) -> dict[str, Any]:
    """The document of OpenAPI 3.1, with a stable order."""
    said = dict(api.get_openapi_schema(path_prefix=base.strip("/") + "/"))
    answers, shapes = _shapes()
    bodies = said["components"].get("schemas", {})
    if both := bodies.keys() & shapes.keys():
        raise ValueError(f"two types of one name: {', '.join(sorted(both))}")
    for methods in said["paths"].values():
        for operation in methods.values():
            _complete(operation, answers)
    said["info"] = {"title": api.title, "version": api.version, "description": _ABOUT}
    said["components"] = {
        "schemas": {name: _tidy(shape) for name, shape in (bodies | shapes).items()},
        "responses": {_name(status): _problem(status) for status in _statuses()},
        "headers": _HEADERS,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    said.pop("servers", None)
    said["security"] = [{"token": []}]
    return said


def _complete(operation: dict[str, Any], answers: dict[str, Any]) -> None:
    told = routes[operation["operationId"]]
    operation["responses"] = {
        str(told.status): _answer(told, answers.get(operation["operationId"])),
        **{
            str(status): {"$ref": f"#/components/responses/{_name(status)}"}
            for status in told.problems
        },
    }
    if isinstance(told.returns, str):
        part = {"description": "A part", **_content(told.returns, {})}
        operation["responses"] |= {"206": part}
    needed = f"Needs scope `{told.scope}`." if told.scope else ""
    operation["description"] = f"{told.words} {needed}".strip()


def _answer(told: Told, schema: dict[str, Any] | None) -> dict[str, Any]:
    said: dict[str, Any] = {"description": HTTPStatus(told.status).phrase}
    said["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    if isinstance(told.returns, str):
        return said | _content(told.returns, {})
    return said | _content("application/json", schema) if schema is not None else said


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _shapes() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each operation's answer, and the types that these refer to."""
    typed = {
        name: told.returns
        for name, told in routes.items()
        if told.returns is not None and not isinstance(told.returns, str)
    }
    schemas, parts = msgspec.json.schema_components(
        [*typed.values(), Problem], ref_template="#/components/schemas/{name}"
    )
    return dict(zip(typed, schemas, strict=False)), parts


def _tidy(shape: dict[str, Any]) -> dict[str, Any]:
    """A docstring as Markdown."""
    if words := shape.get("description"):
        shape = shape | {"description": cleandoc(words).replace("``", "`")}
    return shape


def _statuses() -> list[int]:
    return sorted({status for told in routes.values() for status in told.problems})


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).name.split("_"))


def _problem(status: int) -> dict[str, Any]:
    known = HTTPStatus(status)
    said = {"description": known.description or known.phrase}
    return said | _content(MEDIA_TYPE, {"$ref": "#/components/schemas/Problem"})
