"""What uvicorn serves: streams, git, workers' files and styles by raw ASGI, the rest by Django.

A viewer of a live log or a ``git push`` may stay for an hour; neither may hold a thread for it.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.server.settings")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

django.setup(set_prefix=False)

# Models, so Django comes first.
from fairlead.server import stream  # noqa: E402
from fairlead.server.hosting import asgi as hosting  # noqa: E402
from fairlead.server.operating import asgi as operating  # noqa: E402
from fairlead.server.operating.requests import TALLY  # noqa: E402
from fairlead.server.serving.pages import Pages  # noqa: E402
from fairlead.server.storage import endpoint as storage  # noqa: E402
from fairlead.server.web.statics import Pages as Statics  # noqa: E402
from fairlead.server.webhooks import asgi as webhooks  # noqa: E402

_pages: App = Pages()

_RAW: tuple[tuple[str, App], ...] = (
    ("/stream/", stream.application),
    ("/git/", hosting.application),
    (webhooks.PREFIX, webhooks.application),
    (storage.PREFIX, storage.application),
    *((path, operating.application) for path in operating.PATHS),
    ("/static/", Statics(_pages)),
)


@TALLY.counted
async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a request to whoever answers it."""
    if scope["type"] == "lifespan":
        hosting.begin()
        await stream.lifespan(scope, receive, send)
        return
    path = scope.get("path", "")
    app = next((app for prefix, app in _RAW if path.startswith(prefix)), _pages)
    await app(scope, receive, send)
