"""The JSON Schema of ``fairlead.yml``, for editors that complete and check while one types."""

from typing import Any

from fairlead.pipeline.native.kinds import Schema
from fairlead.pipeline.native.parts import STEPS
from fairlead.pipeline.native.spec import FILE, SHARED

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """A schema that accepts what Fairlead accepts, as far as a schema can say it.

    Values may be texts or what YAML makes of them: ``3.12`` as a number, ``on`` as a boolean.
    Whether names exist and matrices have cells is not in it; ``fairlead lint`` checks that.
    """
    shared = {key.name: key.kind.schema() for key in SHARED} | {"steps": STEPS.schema()}
    whole: Schema = _shortened(FILE.schema(), shared)
    return {
        "$schema": DIALECT,
        "title": "fairlead.yml",
        "description": "A pipeline for Fairlead.",
        **whole,
        "$defs": {name: _shortened(schema, shared, but=name) for name, schema in shared.items()},
    }


def _shortened(schema: Any, shared: dict[str, Schema], but: str = "") -> Any:
    """``schema`` with references in the place of what is shared."""
    if isinstance(schema, list):
        return [_shortened(item, shared) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {name: value for name, value in schema.items() if name != "description"}
    for name, known in shared.items():
        if name != but and bare == known:
            kept = {"description": schema["description"]} if "description" in schema else {}
            return kept | {"$ref": f"#/$defs/{name}"}
    return {name: _shortened(value, shared) for name, value in schema.items()}
