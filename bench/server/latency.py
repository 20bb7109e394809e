"""From the trigger to the first line that the command writes: the time it was written."""

import re
import time
from collections.abc import Sequence

from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import in_turn, median, p95
from bench.server.wire import ask

_WRITTEN = re.compile(rb"^(\d{10}\.\d+)\r?$", re.MULTILINE)
_GAP = 0.2  # seconds: what the build before leaves to be done is not ours


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """The command writes the time of the same clock."""

    def once(peer: Peer) -> float:
        time.sleep(_GAP)
        began = time.time()
        handle = peer.trigger("first")
        peer.wait(handle)
        written = _WRITTEN.search(ask(peer.port, peer.log_path(handle)))
        if not written:
            raise SystemExit(f"{peer.name}: there is no time in the log")
        return (float(written[1]) - began) * 1000

    theirs, ours = in_turn(peers, sizes.latency, once).values()
    note = f"medians {median(theirs):.0f} and {median(ours):.0f} ms"
    what = "trigger to the first line of the command, p95"
    return [Row(what, "ms", p95(theirs), p95(ours), most=60, note=note)]
