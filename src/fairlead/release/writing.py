"""Writing a release file: the payload first, then who it is, and all of it at once in its place."""

import os
import shutil
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path
from typing import IO
from uuid import uuid4

import msgspec

from fairlead.model import encode
from fairlead.model.release import Manifest
from fairlead.release.archive import (
    END,
    MANIFEST,
    PAYLOAD,
    SIGNATURE,
    Piece,
    outer_head,
    padding,
    write_payload,
)
from fairlead.release.shelf import file_name
from fairlead.release.signing import SigningKey
from fairlead.util.fs import unusable


def write_release(
    folder: Path, manifest: Manifest, pieces: Iterable[Piece], key: SigningKey
) -> tuple[Path, Manifest]:
    """Write ``<project>-<version>.release`` to ``folder``, whole or not at all.

    ``manifest`` gets its payload and members here. Raises ``StoreError`` for a full disk.
    """
    target = folder / file_name(manifest)
    aside = folder / f".{uuid4().hex[:8]}.payload"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(target, error) from error
    try:
        with aside.open("w+b") as payload:
            members = write_payload(pieces, payload, manifest.committed)
            payload.seek(0)
            digest = file_digest(payload, "sha256").hexdigest()
            whole = msgspec.structs.replace(manifest, payload=digest, members=members)
            payload.seek(0)
            _write_outer(target, whole, payload, key)
    except OSError as error:
        raise unusable(target, error) from error
    finally:
        aside.unlink(missing_ok=True)
    return target, whole


def _write_outer(target: Path, manifest: Manifest, payload: IO[bytes], key: SigningKey) -> None:
    data = encode(manifest) + b"\n"
    signature = f"ed25519 {key.public} {key.sign(data)}\n".encode()
    aside = target.with_name(f".{uuid4().hex[:8]}.release")
    size = os.fstat(payload.fileno()).st_size
    time = manifest.committed
    try:
        with aside.open("wb") as out:
            for name, text in ((MANIFEST, data), (SIGNATURE, signature)):
                out.write(outer_head(name, len(text), time) + text + padding(len(text)))
            out.write(outer_head(PAYLOAD, size, time))
            shutil.copyfileobj(payload, out, 1 << 20)
            out.write(padding(size) + END)
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)
