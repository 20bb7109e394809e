"""Who made a release: Ed25519 signatures (RFC 8032), and the keys that are believed.

``<config>/keys/release.key`` is this person's own, made when it is first needed and readable for
them alone; ``<config>/keys/trusted/<name>.pub`` are other people's. Keys are 32 bytes in base64.
"""

import base64
import binascii
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.errors import FairleadError, UsageError
from fairlead.model import Location
from fairlead.util.fs import locked, unusable, write_atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SIZE = 32
_SIGNATURE = 64
_OTHERS = 0o077
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class SigningKey:
    """A private key; ``public`` is the other half of it, in base64."""

    def __init__(self, secret: bytes) -> None:
        self._key = _private(secret)
        self.public = _text(self._key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> str:
        """The signature of ``data`` in base64; the same for the same bytes."""
        return _text(self._key.sign(data))


def own_key(config: Path) -> SigningKey:
    """The key of whoever runs this, made now where there is none.

    Raises ``FairleadError`` for a file that is no key, or that others may read.
    """
    path = config / "keys" / "release.key"
    with locked(config / "keys" / "lock"):
        try:
            return _read(path)
        except FileNotFoundError:
            write_atomic(path, _text(os.urandom(_SIZE)).encode() + b"\n", mode=0o600)
            return _read(path)
        except OSError as error:
            raise unusable(path, error) from error


def valid(public: str, data: bytes, signature: str) -> bool:
    """Whether ``signature`` was made of ``data`` with the private half of ``public``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    with suppress(InvalidSignature, ValueError):
        key = Ed25519PublicKey.from_public_bytes(_bytes(public))
        key.verify(_bytes(signature, _SIGNATURE), data)
        return True
    return False


def trusted_keys(config: Path) -> dict[str, str]:
    """Names by the public keys that are believed: this person's own is ``own``."""
    folder = config / "keys" / "trusted"
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.pub")):
        try:
            found[path.read_text("ascii").split()[0]] = path.stem
        except (OSError, UnicodeDecodeError, IndexError) as error:
            raise FairleadError(
                "this is not a public key", location=Location(file=str(path)), hint="remove it"
            ) from error
    with suppress(FileNotFoundError):
        found[_read(config / "keys" / "release.key").public] = "own"
    return found


def trust(config: Path, name: str, public: str) -> None:
    """Believe what ``public`` signed from now on. Raises ``UsageError`` for what is no key."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of a key", hint="letters, digits, . _ @ -")
    try:
        _bytes(public)
    except ValueError as error:
        raise UsageError(
            f"{public!r} is not a public key",
            hint="it is the 44 characters that `fairlead releases keys` shows as own",
        ) from error
    write_atomic(config / "keys" / "trusted" / f"{name}.pub", f"{public}\n".encode())


def distrust(config: Path, name: str) -> None:
    """Believe a key no more. Raises ``UsageError`` where none has that name."""
    known = sorted(n for n in trusted_keys(config).values() if n != "own")
    if name not in known:
        hint = f"there are: {', '.join(known)}" if known else "none is trusted beside your own"
        raise UsageError(f"no trusted key is called {name!r}", hint=hint)
    (config / "keys" / "trusted" / f"{name}.pub").unlink(missing_ok=True)


def _read(path: Path) -> SigningKey:
    where = Location(file=str(path))
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
            raise FairleadError(
                "others may read this key", location=where, hint=f"chmod 600 {path}"
            )
        text = file.read().decode("ascii", "replace")
    try:
        return SigningKey(_bytes(text.strip()))
    except ValueError as error:
        hint = "put it back from a backup, or remove it: then a new one is made"
        raise FairleadError("this is not a key", location=where, hint=hint) from error


def _private(secret: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str, size: int = _SIZE) -> bytes:
    """The bytes that a text is the only base64 of. Raises ``ValueError``."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(text) from error
    if len(data) != size or _text(data) != text:
        raise ValueError(text)
    return data
