"""asyncssh, loaded without its search for libraries that we do without.

While it is loaded it looks for liboqs and nettle, which bring a few more kinds of key exchange and
checksums. Where they are absent, the standard library has a compiler and a linker look for them,
three times over: that takes longer than a host needs to let us in. Servers offer others.
"""

import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["asyncssh"]


@contextmanager
def _searching_for_nothing() -> Iterator[None]:
    search = ctypes.util.find_library
    ctypes.util.find_library = _nothing
    try:
        yield
    finally:
        ctypes.util.find_library = search


def _nothing(name: str) -> None:
    del name


with _searching_for_nothing():
    import asyncssh
