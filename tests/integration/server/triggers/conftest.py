"""A project that takes webhooks, and deliveries signed as each forge signs."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import pytest

SECRET = "correct-horse-battery"
PAYLOADS = Path(__file__).parents[3] / "unit" / "triggers" / "payloads"


@pytest.fixture
def project(database):
    """A project that takes webhooks with ``SECRET``."""
    from fairlead.server.store.models import Project

    return Project.objects.create(name="sample", kind="mirrored", webhook_secret=SECRET)


@pytest.fixture
def change(project):
    """Change columns of the project."""

    def update(**fields):
        type(project).objects.filter(pk=project.pk).update(**fields)
        project.refresh_from_db()

    return update


@pytest.fixture
def builds(database):
    """All builds, as they are now."""
    from fairlead.server.store.models import Build

    return lambda: list(Build.objects.order_by("id"))


@pytest.fixture
def kept(database):
    """All deliveries, as they are now."""
    from fairlead.server.store.models import Delivery

    return lambda: list(Delivery.objects.order_by("id"))


@pytest.fixture(scope="session")
def sample():
    """A payload as Python objects, each time new."""

    def load(forge, name):
        return json.loads((PAYLOADS / forge / f"{name}.json").read_text())

    return load


def _signed(forge, event, body, secret=SECRET):
    """The headers that a forge would send with a body."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    of = {
        "github": [("X-GitHub-Event", event), ("X-Hub-Signature-256", f"sha256={mac}")],
        "gitlab": [("X-Gitlab-Event", event), ("X-Gitlab-Token", secret)],
        "gitea": [("X-Gitea-Event", event), ("X-Gitea-Signature", mac)],
        "forgejo": [("X-Forgejo-Event", event), ("X-Forgejo-Signature", mac)],
    }
    return [("Content-Type", "application/json"), ("Cookie", "a=b"), *of[forge]]


@pytest.fixture(scope="session")
def signed():
    """Headers for a forge, an event, a body and (by default the project's) secret."""
    return _signed


class Sender:
    """Sends requests to the endpoint as a server of ASGI does."""

    def __init__(self) -> None:
        from fairlead.server.webhooks.asgi import Endpoint

        self.endpoint = Endpoint()
        self.pieces_read = 0

    def __call__(self, forge, event, payload, *, name="sample", secret=SECRET, headers=None):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        heads = _signed(forge, event, body, secret) if headers is None else headers
        return self.request(f"/hooks/{forge}/{name}", [body], heads)

    def request(self, path, pieces=(b"",), headers=(), *, method="POST", address="192.0.2.1"):
        """Status, answer and headers."""
        messages = [
            {"type": "http.request", "body": piece, "more_body": at < len(pieces) - 1}
            for at, piece in enumerate(pieces)
        ]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "client": (address, 1),
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers],
        }
        sent = []

        async def receive():
            self.pieces_read += 1
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        asyncio.run(self.endpoint(scope, receive, send))
        start, body = sent
        heads = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], json.loads(body["body"]), heads


@pytest.fixture
def send(project):
    """Send a payload (objects or bytes) to the project's webhook."""
    return Sender()
