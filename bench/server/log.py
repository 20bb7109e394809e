"""A log of 200,000 lines: to the verdict, over the bare command, and fetched whole."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.server import jobs
from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import median
from bench.server.wire import ask

_GAP = 0.5


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """Each beside a run of the bare command right before it."""
    ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
    fetched: dict[str, list[float]] = {peer.name: [] for peer in peers}
    bare: list[float] = []
    with TemporaryDirectory(prefix="fairlead-bench-") as folder:
        script = Path(folder) / "big.py"
        script.write_text(jobs.BIG)
        _bare(script)
        for number in range(sizes.log + 1):
            for peer in peers if number % 2 else reversed(peers):
                alone = _bare(script)
                took, download = _once(peer)
                if number:
                    bare.append(alone)
                    ratios[peer.name].append(took / alone)
                    fetched[peer.name].append(download)
    theirs, ours = map(median, ratios.values())
    note = f"the bare command takes {median(bare):.2f} s"
    theirs_fetched, ours_fetched = map(median, fetched.values())
    return [
        Row(
            "200,000 lines to the verdict, over the bare command", "x", theirs, ours, 1.3, note=note
        ),
        Row("raw download of that log", "s", theirs_fetched, ours_fetched, most=0.1),
    ]


def _bare(script: Path) -> float:
    (command,) = jobs.commands(str(script))["big"]
    with script.with_name("out").open("wb") as out:
        began = time.perf_counter()
        subprocess.run(command.split(), stdout=out, check=True)
        return time.perf_counter() - began


def _once(peer: Peer) -> tuple[float, float]:
    """Seconds to the verdict, and of the download."""
    time.sleep(_GAP)
    began = time.perf_counter()
    handle = peer.trigger("big")
    peer.wait(handle)
    took = time.perf_counter() - began
    while True:  # Buildbot's may lack lines right after the verdict
        path = peer.log_path(handle)
        began = time.perf_counter()
        text = ask(peer.port, path)
        download = time.perf_counter() - began
        if text.count(b"\n") >= jobs.LINES and jobs.LAST.encode() in text[-300:]:
            return took, download
        time.sleep(0.1)
