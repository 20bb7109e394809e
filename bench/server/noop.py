"""A build that does nothing: from the trigger to the verdict, and what a step more costs."""

import time
from collections.abc import Sequence

from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import in_turn, median, p95

_GAP = 0.2
_FURTHER = 4


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """One step and five."""

    def one(peer: Peer) -> float:
        return _timed(peer, "noop")

    def five(peer: Peer) -> float:
        return _timed(peer, "five")

    theirs, ours = in_turn(peers, sizes.noop, one).values()
    their_five, our_five = in_turn(peers, sizes.noop, five).values()
    their_step = (median(their_five) - median(theirs)) / _FURTHER
    our_step = (median(our_five) - median(ours)) / _FURTHER
    best = f"best {min(theirs):.0f} and {min(ours):.0f} ms"
    note = f"p95 {p95(theirs):.0f} and {p95(ours):.0f} ms, {best}"
    what = "no-op build, trigger to verdict, median"
    return [
        Row(what, "ms", median(theirs), median(ours), most=90, note=note),
        Row("a further step", "ms", their_step, max(0.0, our_step), most=10),
    ]


def _timed(peer: Peer, job: str) -> float:
    time.sleep(_GAP)
    began = time.perf_counter()
    peer.wait(peer.trigger(job))
    return (time.perf_counter() - began) * 1000
