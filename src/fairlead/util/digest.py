"""SHA-256 without OpenSSL: loading that takes a tenth of the time a small run may add.

``hashlib`` always loads it. The modules taken here are those it falls back to itself.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # since 3.12
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
