"""Deliveries made from the samples in ``payloads``, signed as each forge signs."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from fairlead.triggers.webhook import receive

SECRET = "correct horse"
NOW = 1_763_730_000.0


@pytest.fixture(scope="session")
def sample():
    """A sample as Python objects, each time new."""

    def load(forge, name):
        path = Path(__file__).parent / "payloads" / forge / f"{name}.json"
        return json.loads(path.read_text())

    return load


@pytest.fixture(scope="session")
def signed():
    """The headers that a forge would send with a body."""

    def headers(forge, event, body, secret=SECRET):
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        of = {
            "github": [
                ("X-GitHub-Event", event), ("X-GitHub-Delivery", "72d3162e-cc78-11e3"),
                ("X-Hub-Signature-256", f"sha256={mac}"),
            ],
            "gitlab": [("X-Gitlab-Event", event), ("Idempotency-Key", "f5e5f430"), ("X-Gitlab-Token", secret)],
            "gitea": [
                ("X-Gitea-Event", event), ("X-Gitea-Delivery", "f6266f16-1bf3"), ("X-Gitea-Signature", mac),
            ],
        }  # fmt: skip
        return [("Content-Type", "application/json"), *of[forge]]

    return headers


@pytest.fixture(scope="session")
def standard():
    """The headers of a delivery that is signed with a signing token."""

    def headers(body, key, *, name="msg-1", sent=NOW):
        content = b".".join((name.encode(), str(int(sent)).encode(), body))
        mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return [
            ("webhook-id", name), ("webhook-timestamp", str(int(sent))), ("webhook-signature", f"v1,{mac}"),
        ]  # fmt: skip

    return headers


@pytest.fixture(scope="session")
def deliver(signed):
    """Send a payload (objects or bytes) as a forge would, and return what came of it."""

    def send(forge, event, payload, *, headers=None, secrets=(SECRET,), **options):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        heads = signed(forge, event, body) if headers is None else headers
        return receive(forge, heads, body, secrets=secrets, now=NOW, **options)

    return send
