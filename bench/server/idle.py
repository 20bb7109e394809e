"""What both cost when nothing is to be done: memory, and CPU over a while, at the same time."""

import time
from collections.abc import Sequence

from bench.server import processes
from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes

_SETTLED = 20.0  # seconds for what a build leaves warm for the next one: nobody calls that idle


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """After a first build, so that everything is loaded."""
    for peer in peers:
        peer.wait(peer.trigger("noop"))
    time.sleep(_SETTLED)
    before = [processes.running(peer.processes()) for peer in peers]
    time.sleep(sizes.idle)
    after = [processes.running(peer.processes()) for peer in peers]
    theirs, ours = (
        (end - begin) / sizes.idle * 100 for begin, end in zip(before, after, strict=True)
    )
    their_memory, our_memory = (processes.memory(peer.processes()) for peer in peers)
    note = processes.shares(peers[1].processes())
    return [
        Row("idle, with the database: PSS", "MiB", their_memory, our_memory, 150, note=note),
        Row("idle: CPU", "%", theirs, ours, most=0.3),
    ]
