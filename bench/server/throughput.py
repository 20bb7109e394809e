"""Many builds that do nothing, queued at once: how many a minute, and what CPU they take."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.server import processes
from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes

_AFTER = 2.0  # seconds for what is done behind a verdict


@dataclass(frozen=True)
class Found:
    """Builds a minute, from the first trigger on; milliseconds of CPU of a build."""

    rate: float
    cpu: float
    asking: float


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """One after the other: both would take all processors."""
    theirs, ours = (_run(peer, sizes.queued) for peer in peers)
    note = f"asking took {theirs.asking:.1f} and {ours.asking:.1f} s of it"
    what = f"{sizes.queued} queued no-op builds, two at once"
    return [
        Row(what, "builds/min", theirs.rate, ours.rate, least=1500, note=note),
        Row("CPU of a build, of all processes", "ms", theirs.cpu, ours.cpu, most=50),
    ]


def _run(peer: Peer, count: int) -> Found:
    peer.wait(peer.trigger("noop"))  # not counted: what a server loads and plans only once
    before = processes.seconds(peer.processes())
    began = time.perf_counter()
    handles = [peer.trigger("noop") for _ in range(count)]
    asked = time.perf_counter()
    peer.wait_all(handles)
    took = time.perf_counter() - began
    time.sleep(_AFTER)
    cpu = processes.seconds(peer.processes()) - before
    return Found(count / took * 60, cpu / count * 1000, asked - began)
