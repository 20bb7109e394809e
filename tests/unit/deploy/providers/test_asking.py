"""Whether an answer is that of a release that is well."""

import pytest

from fairlead.deploy.providers.asking import fault
from fairlead.model.environment import Health

JSON = b'{"build": {"version": "abc"}, "ok": true}'


@pytest.mark.parametrize(
    ("health", "status", "headers", "body", "wrong"),
    [
        (Health(), 200, {}, b"", ""),
        (Health(), 503, {}, b"", "status 503, not 200"),
        (Health(status=204), 204, {}, b"", ""),
        (Health(body="ok"), 200, {}, b"it is ok", ""),
        (Health(body="ok"), 200, {}, b"\xff no", "'ok' is not in the answer"),
        (Health(version="body"), 200, {}, b"version abc", ""),
        (Health(version="body"), 200, {}, b"old", "version abc is not in the answer"),
        (Health(version="header:X-Version"), 200, {"X-Version": "abc"}, b"", ""),
        (Health(version="header:X-Version"), 200, {}, b"", "version nothing, not abc"),
        (Health(version="json:build.version"), 200, {}, JSON, ""),
        (Health(version="json:build.number"), 200, {}, JSON, "version nothing, not abc"),
        (Health(version="json:ok.deeper"), 200, {}, JSON, "version nothing, not abc"),
        (Health(version="json:version"), 200, {}, b"<html>", "version nothing, not abc"),
        (Health(version="json:version"), 200, {}, b'{"version": "abd"}', "version abd, not abc"),
    ],
)
def test_answers(health, status, headers, body, wrong):
    assert fault(status, headers, body, health, "abc") == wrong


def test_a_version_that_nobody_knows_is_not_asked_for():
    assert fault(200, {}, b"", Health(version="body"), "") == ""
