"""Stores files on a small disk of its own until it is full; run in a mount namespace as root.

Where there is no such right, the size of a file is limited instead, as far as that is alike.
"""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from fairlead.errors import StoreError
from fairlead.server.logs.chunks import LiveLog
from fairlead.server.logs.compact import compact
from fairlead.server.logs.gather import Gatherer
from fairlead.server.logs.memory import MemoryChunks
from fairlead.server.logs.storage import FolderStorage


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def limit(folder: Path, kind: str) -> None:
    if kind == "disk":
        size = "size=1m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", folder], check=True)
    else:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def main(folder: Path, kind: str) -> None:
    storage = FolderStorage(folder)
    limit(folder, kind)
    storage.write("logs/1", [b"what was there"])
    try:
        storage.write("logs/1", iter([bytes(100_000)] * 20))
    except StoreError as error:
        say(str(error))
    assert storage.read("logs/1", 0, 100) == b"what was there"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["1"]

    chunks, gatherer = MemoryChunks(), Gatherer()
    text = os.urandom(3 << 20)  # nothing makes it smaller
    for chunk in (*gatherer.feed(0, text, 0.0), *gatherer.finish()):
        chunks.add(chunk)
    try:
        compact(chunks, storage, "logs/2")
    except StoreError:
        log = LiveLog(chunks)
        assert b"".join(log.read(index) for index in range(len(log.blocks))) == text
        assert chunks.stored is None
        say("the chunks are still there")
    if kind == "disk":
        with suppress(OSError):
            (folder / "fill").write_bytes(bytes(1 << 20))
        try:
            storage.check()
        except StoreError as error:
            say(str(error))


main(Path(sys.argv[1]), sys.argv[2])
