"""What was deployed from this machine where no host of ours remembers it: a line each."""

import os
from pathlib import Path

import msgspec

from fairlead.model import encode
from fairlead.model.deployment import Past
from fairlead.util.decoding import from_json
from fairlead.util.fs import unusable


class Journal:
    """The deployments of one environment, ``.fairlead/deployments/<environment>.jsonl``.

    ``root`` is the project's folder. Methods raise ``StoreError`` where the disk refuses.
    """

    def __init__(self, root: Path, environment: str) -> None:
        self.path = root / ".fairlead" / "deployments" / f"{environment}.jsonl"

    def add(self, past: Past) -> None:
        """Write one more line, in one piece, whoever else does at the same moment."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            handle = os.open(self.path, flags, 0o644)
            try:
                # A line that a full disk cut off ends here.
                os.write(handle, b"\n" + encode(past) + b"\n")
            finally:
                os.close(handle)
        except OSError as error:
            raise unusable(self.path, error) from error

    def read(self) -> tuple[Past, ...]:
        """All of them, newest first; lines that are none are left out."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unusable(self.path, error) from error
        found = []
        for line in filter(None, lines):
            try:
                found.append(from_json(line, Past))
            except msgspec.DecodeError:
                continue
        return tuple(reversed(found))
