"""Texts sealed for the database, so that neither its rows nor a dump of them tell any.

AES-256-GCM (NIST SP 800-38D) with a nonce of its own for each text, under a key that HKDF
(RFC 5869) makes of the installation's secret key. A text opens in its own place alone: a row that
was copied to another project, or under another name, does not.
"""

import os
from typing import TYPE_CHECKING

from fairlead.errors import FairleadError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_VERSION = b"\x01"


class Unreadable(FairleadError):
    """What was sealed with another key, or is not as it was."""


def seal(key: str, place: str, text: str) -> bytes:
    """``text`` as only ``unseal`` with the same key and place gives it back."""
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + _cipher(key).encrypt(nonce, text.encode(), _VERSION + place.encode())


def unseal(key: str, place: str, data: bytes) -> str:
    """Raises ``Unreadable``."""
    from cryptography.exceptions import InvalidTag

    version, nonce, sealed = data[:1], data[1 : 1 + _NONCE], data[1 + _NONCE :]
    try:
        return _cipher(key).decrypt(nonce, sealed, version + place.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable(
            f"the secret {place} cannot be opened",
            hint="it was sealed with another FAIRLEAD_SECRET_KEY: use that one, or set it anew",
        ) from error


def _cipher(key: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fairlead: secrets of projects")
    return AESGCM(made.derive(key.encode()))
