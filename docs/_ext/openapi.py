"""The reference of the API, from its own OpenAPI document."""

import os
import tempfile
import typing

Said = dict[str, typing.Any]


def api() -> str:
    """A section a group of routes, then one for each object that is sent or answered."""
    said = _document()
    shapes = said["components"]["schemas"]
    said = _inlined(said, {name: shape for name, shape in shapes.items() if "enum" in shape})
    groups: dict[str, list[str]] = {}
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            words = _operation(method.upper(), path, operation)
            groups.setdefault(operation["tags"][0], []).append(words)
    objects = [_shape(name, shape) for name, shape in sorted(shapes.items())]
    parts = [f"## {name}\n\n" + "\n\n".join(words) for name, words in groups.items()]
    return "\n\n".join((*parts, "## Objects", *(words for words in objects if words)))


def _document() -> Said:
    with tempfile.TemporaryDirectory() as data:
        os.environ.setdefault("FAIRLEAD_DATA", data)
        from fairlead.server.setup import setup

        setup()
        from fairlead.server.api.application import BASE, make_api
        from fairlead.server.api.schema import document

        return document(make_api(), BASE)


def _inlined(value: typing.Any, words: dict[str, Said]) -> typing.Any:
    """The same with lists of words in place of references to them."""
    if isinstance(value, list):
        return [_inlined(one, words) for one in value]
    if not isinstance(value, dict):
        return value
    name = str(value.get("$ref", "")).rsplit("/", 1)[-1]
    return words.get(name) or {key: _inlined(one, words) for key, one in value.items()}


def _operation(method: str, path: str, operation: Said) -> str:
    lines = [
        f"### `{method} {path}`",
        f"{operation['summary']}. {operation.get('description', '')}",
    ]
    if "requestBody" in operation:
        lines.append(f"Takes {_content(operation['requestBody'])}.")
    status, answer = next(iter(operation["responses"].items()))
    lines.append(f"Answers {status}" + (f": {_content(answer)}." if "content" in answer else "."))
    rows = [_parameter(one) for one in operation["parameters"]]
    if rows:
        lines.append(
            "\n".join(("| parameter | in | value | meaning |", "|---|---|---|---|", *rows))
        )
    return "\n\n".join(lines)


def _parameter(one: Said) -> str:
    words = one.get("description", "")
    return f"| `{one['name']}` | {one['in']} | {_kind(one['schema'])} | {words} |"


def _content(holder: Said) -> str:
    media_type, content = next(iter(holder["content"].items()))
    return _kind(content["schema"]) if content["schema"] else f"bytes, as `{media_type}`"


def _shape(name: str, shape: Said) -> str:
    """A table of fields; pages of a list and enumerations are told where they are used."""
    if "properties" not in shape or "Listing" in name:
        return ""
    words = shape.get("description", "")
    rows = [f"| `{field}` | {_kind(of)} |" for field, of in shape["properties"].items()]
    return "\n".join((f"### {name}\n\n{words}\n", "| field | value |", "|---|---|", *rows))


def _kind(schema: Said) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        if "Listing" in name:
            return f"a page of [{name.split('_')[1]}](#{name.split('_')[1].lower()})"
        return f"[{name}](#{name.lower()})"
    if options := schema.get("anyOf") or schema.get("allOf"):
        return " or ".join(_kind(option) for option in options)
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of: {_kind(schema.get('items') or {})}"
    names = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    shown = names.get(kind, kind)
    return f"{shown} ({schema['format']})" if schema.get("format") == "date-time" else shown
