"""Requests made up from the API's own document: none breaks it, each answer is as it says.

Always the same ones; half of those that name a build mean one that is there.
"""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


TAKING = {"create_project", "create_build", "list_builds", "get_job", "set_secret", "create_token"}
"""Some of the operations that take something, which can be wrong."""


@pytest.fixture
def schema(told, make_build, write_log):
    """The document, and an application with two builds behind it."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    from fairlead.server.storage import open_storage
    from fairlead.server.store.models import Artifact

    write_log(make_build(jobs=2, tests=3), b"one\ntwo\n", finish=True)
    make_build()
    for artifact in Artifact.objects.all():
        open_storage(settings.FAIRLEAD).write(artifact.key, [b"hello"])
    host = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1"}
    django = get_wsgi_application()
    return schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", lambda environ, start: django({**environ, **host}, start)
    )


def ask_all(operation, mode, token):
    """The statuses of what is made up for one operation."""
    there = {"name": "sample", "number": 1, "place": 1, "artifact_id": 1}
    statuses = Counter()

    @seed(1)
    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    def ask(case, hit):
        if hit and case.method != "DELETE":
            named = case.path_parameters
            named.update({key: there[key] for key in named if key in there})
        headers = {"Authorization": f"Bearer {token}"}
        statuses[case.call_and_validate(checks=CHECKS, headers=headers).status_code] += 1

    ask()
    return statuses


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(GenerationMode.POSITIVE, {200, 201, 404}), (GenerationMode.NEGATIVE, {422})],
    ids=["allowed", "wrong"],
)
def test_no_request_breaks_any_operation(schema, secret, mode, expected):
    from fairlead.server.api.route import routes

    answered, asked = Counter(), set()
    for found in schema.get_all_operations():
        operation = found.ok()
        takes = operation.path_parameters or operation.query or operation.body
        if takes or mode == GenerationMode.POSITIVE:
            answered += ask_all(operation, mode, secret("admin"))
            asked.add(operation.definition.raw["operationId"])
    assert expected <= answered.keys()
    assert asked >= (routes.keys() if mode == GenerationMode.POSITIVE else TAKING)
