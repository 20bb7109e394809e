"""The annotated example: it plans, the schema takes it, and no key is left out of it."""

from importlib.resources import files as resources

import jsonschema
import pytest
import yaml

from fairlead.errors import PipelineError
from fairlead.model import Trigger
from fairlead.pipeline.document import Mapping, Scalar, load
from fairlead.pipeline.native.plan import plan
from fairlead.pipeline.native.schema import json_schema
from fairlead.pipeline.native.table import reference_table, sections
from fairlead.pipeline.tree import MemoryTree

REFERENCE = resources("fairlead.pipeline.reference").joinpath("fairlead.yml").read_bytes()
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def texts(node):
    """A file as strings-first JSON."""
    if isinstance(node, Scalar):
        return None if node.null else node.text
    if isinstance(node, Mapping):
        return {key.text: texts(value) for key, value in node.entries}
    return [texts(item) for item in node.items]


class Editor(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors go by: numbers are numbers, ``on`` is a text."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":bool", ":timestamp"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def keys_in(node):
    if isinstance(node, Mapping):
        for key, value in node.entries:
            yield key.text
            yield from keys_in(value)
    elif not isinstance(node, Scalar):
        for item in node.items:
            yield from keys_in(item)


def test_it_plans(files):
    found = plan(REFERENCE, "fairlead.yml", MemoryTree(files), Trigger(event="push", branch="main"))
    assert found.stages == ("check", "test", "publish")
    assert [job.id for job in found.jobs] == [
        "lint", "style-3.11", "style-3.12", "unit-3.11-sqlite", "unit-3.12-sqlite",
        "unit-3.12-postgres", "unit-3.13-sqlite", "functional-3.12", "docs", "publish",
    ]  # fmt: skip
    assert found.warnings == ()
    assert [job.id for job in found.jobs if job.allow_failure] == ["unit-3.13-sqlite"]
    docs = next(job for job in found.jobs if job.id == "docs")
    assert docs.steps[0].reuse.outputs == ("docs/_build/html/**",)


def test_every_key_is_shown_and_explained():
    shown = set(keys_in(load(REFERENCE, "fairlead.yml")))
    declared = {name for keys in sections() for name in keys.keys}
    assert declared - shown == set()
    assert all(key.doc.endswith(".") for keys in sections() for key in keys.keys.values())


def test_no_line_is_too_long_to_read():
    assert max(map(len, REFERENCE.decode().splitlines())) <= 100


def test_the_schema_takes_it_as_editors_read_it_and_as_we_do():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(yaml.load(REFERENCE, Loader=Editor))
    VALIDATOR.validate(texts(load(REFERENCE, "fairlead.yml")))


@pytest.mark.parametrize(
    "text",
    [
        "{}", "jobs: [a]", "pyhton: 3\njobs: {a: x}", "jobs: {a: {}}", "jobs: {a: {run: x, script: y}}", "jobs: {a/b: x}",
        "jobs: {a: {run: [{name: x}]}}", "jobs: {a: {run: x, retry: 11}}", "jobs: {a: {run: x, retry: {on: failed}}}", "missing: ignore\njobs: {a: x}",
        "jobs: {a: {run: x, timeout: soon}}", "jobs: {a: {run: x, network: ful}}", "jobs: {a: {run: x, coverage: 85}}", "jobs: {a: {run: x, coverage: {minimum: 101}}}",
        "jobs: {a: {run: x, when: {paths: x}}}", "jobs: {a: {run: x, when: main}}", "jobs: {a: {run: x, services: [mysql]}}", "python: three\njobs: {a: x}",
        "jobs: {a: {run: x, matrix: {b-c: 1}}}", "env: [A]\njobs: {a: x}", "jobs: {a: {run: x, violations: none}}", "jobs: {a: {run: x, limits: {memory: lots}}}",
        "jobs: {a: {run: x, artifacts: {days: 3}}}", "install: {lock: ../x}\njobs: {a: x}", "fail_fast: maybe\njobs: {a: x}", "jobs: {a: {run: x, allow_failure: maybe}}",
    ],
)  # fmt: skip
def test_what_we_refuse_the_schema_refuses(text):
    with pytest.raises(PipelineError):
        plan(text.encode(), "f", MemoryTree({}), Trigger())
    assert not VALIDATOR.is_valid(yaml.load(text, Loader=Editor))


def test_the_schema_describes_every_key_and_repeats_none():
    properties = SCHEMA["properties"]
    assert properties["timeout"] == {
        "description": "The longest the job may take.",
        "$ref": "#/$defs/timeout",
    }
    assert all(value["description"] for value in properties.values())
    assert set(SCHEMA["$defs"]) >= {"python", "env", "install", "services", "steps"}


def test_the_table_has_every_mapping():
    table = reference_table()
    titles = [
        line.removeprefix("### ").strip("`")
        for line in table.splitlines()
        if line.startswith("### ")
    ]
    assert titles[:3] == ["The file", "A job", "A step"]
    assert set(titles[3:]) == {
        "retry",
        "cache",
        "matrix",
        "when",
        "artifacts",
        "reports",
        "install",
        "service",
        "limits",
        "coverage",
        "violations",
        "environment",
        "host",
        "app",
        "process",
        "cron",
        "tls",
        "health",
        "watch",
        "migrations",
        "hook",
        "provision",
        "release",
    }
    assert "| `times` | a whole number from 0 to 10 | required | Further attempts. |" in table
    assert all(
        line.count("|") - line.count("\\|") == 5
        for line in table.splitlines()
        if line.startswith("| ")
    )
