"""Whatever is written is read or told with its place; the schema takes what we take."""

import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.environments import read_environments
from fairlead.pipeline.native.schema import json_schema
from fairlead.pipeline.tree import MemoryTree

TREE = MemoryTree({"shop/wsgi.py": "app = make()", "run.txt": ""})
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
TEXTS = st.text(alphabet="abc xyz$()'\"#-=:3.10", min_size=1, max_size=12).filter(str.strip)
NAMES = st.sampled_from(["one", "two", "prod-1", "a_b"])
GLOBS = st.sampled_from(["main", "release/**", "!wip/*"])
DURATIONS = st.sampled_from(["10 s", "1h30m", "90"])
HOSTS = st.sampled_from(
    [
        "web1",
        "ann@web2:2222",
        {"address": "192.0.2.7", "roles": "web"},
        {"address": "w", "port": 24},
    ]
)
APPS = st.sampled_from(
    [
        "a.b:c",
        {"target": "a:b()", "processes": "3"},
        {"workers": {"q": "x", "r": {"run": "y", "count": 2}}},
    ]
)
ENVIRONMENT = st.fixed_dictionaries(
    {"hosts": st.lists(HOSTS, min_size=1, max_size=4, unique_by=json.dumps)},
    optional={
        "branch": GLOBS | st.lists(GLOBS, min_size=1), "tag": GLOBS, "approval": st.booleans(), "confirm": st.sampled_from(["yes", "off"]),
        "env": st.dictionaries(st.sampled_from(["A", "B_1"]), TEXTS), "secrets": st.lists(st.sampled_from(["S", "T"])), "app": APPS,
        "user": st.sampled_from(["shop", "www-data"]), "health": st.sampled_from(["/up", {"status": 204, "version": "json:a.b"}]),
        "watch": DURATIONS | st.sampled_from(["none", {"for": "1 min", "errors": "2 %"}]), "flush": TEXTS, "keep": st.integers(1, 100),
        "migrations": st.sampled_from(["none", "up", {"run": "up", "files": "a/*.py"}]), "notify": st.just("a@b.example"),
        "hooks": st.sampled_from([{"before switch": "x"}, {"after exit maintenance": [{"run": "x", "on": "first"}]}]),
        "provision": st.sampled_from([{}, {"office": "192.0.2.0/24", "ports": [1, 2]}, {"rate": "5/s", "body_limit": "1 MB"}]),
    },
)  # fmt: skip


@st.composite
def files(draw):
    environments = draw(st.dictionaries(NAMES, ENVIRONMENT, min_size=1, max_size=3))
    for number, (name, environment) in enumerate(environments.items()):
        environment["root"] = f"/srv/{name}"
        environment["domain"] = [f"{number}.example.org"]
    release = st.sampled_from([{}, {"lock": "run.txt", "build": "make", "tag": "v{number}"}])
    return {"jobs": {"a": "b"}, "environments": environments, "release": draw(release)}


@given(files())
def test_what_is_good_is_read_and_the_schema_takes_it(file):
    found = read_environments(json.dumps(file).encode(), "f", TREE)
    places = [(str(h.get("address", h) if isinstance(h, dict) else h)) for e in file["environments"].values() for h in e["hosts"]]  # fmt: skip
    assert places
    assert found.problems == ()
    assert found.names == tuple(file["environments"])
    assert VALIDATOR.is_valid(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(files(), st.data())
def test_anything_in_the_place_of_a_value_is_read_or_told(file, data):
    environment = data.draw(st.sampled_from(sorted(file["environments"])))
    key = data.draw(st.sampled_from(sorted(file["environments"][environment])))
    file["environments"][environment][key] = data.draw(JSON)
    found = read_environments(json.dumps(file).encode(), "f", TREE)
    assert all(problem.location.line for problem in found.problems)
    assert found.problems or environment in found.names


@pytest.mark.parametrize(
    "text",
    [
        "environments: [a]", "environments: {A: {hosts: b}}", "environments: {a: {host: b}}", "environments: {a: {hosts: {user: b}}}",
        "environments: {a: {hosts: b, health: up}}", "environments: {a: {hosts: b, keep: 0}}", "environments: {a: {hosts: b, watch: {errors: 5}}}",
        "environments: {a: {hosts: b, hooks: {before x: y}}}", "environments: {a: {hosts: b, provider: x}}", "release: {tag: v1}", "app: {server: apache}",
        "environments: {a: {hosts: b, provision: {databases: mongo}}}", "app: shop", "environments: {a: {hosts: b, root: srv}}",
    ],
)  # fmt: skip
def test_what_we_refuse_the_schema_refuses(text):
    assert read_environments(text.encode(), "f", TREE).problems
    assert not VALIDATOR.is_valid({"jobs": {"a": "b"}} | yaml.safe_load(text))
