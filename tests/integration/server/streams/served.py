"""The streams alone, or the whole site, served by uvicorn: ``python served.py PORT [whole]``."""

import sys

import uvicorn

from fairlead.server.setup import setup

setup()

from fairlead.server import stream  # noqa: E402 — needs Django


async def application(scope, receive, send):
    await (stream.lifespan if scope["type"] == "lifespan" else stream.application)(
        scope, receive, send
    )


if "whole" in sys.argv:
    from fairlead.server.asgi import application

uvicorn.run(
    application,
    port=int(sys.argv[1]),
    log_level="warning",
    access_log=False,
    timeout_graceful_shutdown=20,
)
