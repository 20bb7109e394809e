"""asyncssh, loaded without what takes long to load and is of no use to us.

While it is loaded it looks for liboqs and nettle, which bring a few more kinds of key exchange and
checksums. Where they are absent, the standard library has a compiler and a linker look for them,
three times over: that takes longer than a host needs to let us in. Servers offer others. And it
loads all there is for X.509, to find then that the library it would use is not installed; hosts do
not show such certificates.
"""

import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["asyncssh"]

_X509 = "asyncssh.crypto.x509"


@contextmanager
def _without() -> Iterator[None]:
    search = ctypes.util.find_library
    ctypes.util.find_library = _nothing
    sys.modules[_X509] = None  # type: ignore[assignment]  # "there is none"
    try:
        yield
    finally:
        ctypes.util.find_library = search
        del sys.modules[_X509]


def _nothing(name: str) -> None:
    del name


with _without():
    import asyncssh
