"""Loads what the parts need before they are forked, so that they share it."""

import ctypes
import gc
import importlib
from contextlib import suppress

from fairlead.server.setup import setup

_SELDOM = (10_000, 20, 50)
"""How often garbage is looked for: seldom, but not as seldom as by a command that ends soon."""
_WEB = (
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "fairlead.server.serving.web",
)
_WORKER = (
    "fairlead.runner.run",
    "fairlead.server.engine.main",
    "fairlead.server.serving.work",
)


_MALLOPT = ((-8, 2), (-3, 1 << 20), (-1, 1 << 20))
"""M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD (mallopt(3)).

Else each of the threads that come and go leaves memory behind that only it would use again, and
a large log that was freed once lets as much never be given back afterwards.
"""


def load_django() -> None:
    """Set Django up for the database that is named."""
    gc.set_threshold(*_SELDOM)
    with suppress(AttributeError):
        for what, value in _MALLOPT:
            ctypes.CDLL(None).mallopt(what, value)
    setup()


def load_everything() -> None:
    """Load all that the web node and the worker use; nothing is connected to anything by it."""
    load_django()
    from django.urls import get_resolver

    from fairlead.server import asgi

    _ = asgi.application, get_resolver().url_patterns
    for name in (*_WEB, *_WORKER):
        importlib.import_module(name)


def keep_loaded() -> None:
    """What is loaded is never looked through for garbage, which would write to every page of it."""
    gc.collect()
    gc.freeze()
