"""Signing in to hosts with a project's own key, where it has one; no file on a disk has it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from fairlead.server.engine.apart.orders import Order
from fairlead.settings import Settings, load_settings


@contextmanager
def signing_in(told: Order) -> Iterator[Settings]:
    """Settings of this machine, with the project's key in place of the worker's own."""
    settings = load_settings(os.environ)
    if not told.key:
        yield settings
        return
    with tempfile.TemporaryFile() as file:
        # As browsers send what is pasted.
        file.write(told.key.replace("\r\n", "\n").strip().encode() + b"\n")
        file.flush()
        yield msgspec.structs.replace(settings, ssh_key=f"/dev/fd/{file.fileno()}")
