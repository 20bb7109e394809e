"""The list of builds and the page of a build: first byte, and in Chromium."""

from collections.abc import Sequence
from typing import Any

from bench.server import chromium
from bench.server.peer import Pages, Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import in_turn, median
from bench.server.wire import first_byte

KINDS = {"list": "builds list", "build": "build page"}
_JOBS = {"list": "noop", "build": "five", "log": "big"}


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """With what the measurements before have left."""
    pages = {peer.name: {kind: _pages(peer, job) for kind, job in _JOBS.items()} for peer in peers}
    rows = []
    for kind, what in KINDS.items():

        def once(peer: Peer, kind: str = kind) -> float:
            return first_byte(peer.port, getattr(pages[peer.name][kind], f"{kind}_first"))

        theirs, ours = map(median, in_turn(peers, sizes.first_byte, once).values())
        rows.append(Row(f"{what}: first byte", "ms", theirs, ours, most=20))
    if why := chromium.absent():
        return [*rows, Row(f"in Chromium: not measured, {why}", "", None, None)]
    with chromium.browser() as running:
        return rows + _in_chromium(running, peers, pages, sizes)


def _pages(peer: Peer, job: str) -> Pages:
    handle = peer.trigger(job)
    peer.wait(handle)
    return peer.pages(handle)


def _in_chromium(
    running: Any, peers: Sequence[Peer], pages: dict[str, dict[str, Pages]], sizes: Sizes
) -> list[Row]:
    def both(kind: str) -> list[chromium.Shown]:
        return [
            chromium.median(running, peer.port, pages[peer.name][kind], kind, sizes.chromium)
            for peer in peers
        ]

    rows = []
    for kind, what in KINDS.items():
        theirs, ours = both(kind)
        rows += [
            Row(f"{what} in Chromium: shown", "s", theirs.seconds, ours.seconds, most=0.25),
            Row(f"{what}: requests", "", theirs.requests, ours.requests, most=10),
            Row(f"{what}: received", "kB", theirs.received / 1e3, ours.received / 1e3, most=100),
        ]
    theirs, ours = both("log")
    what = "last of 200,000 lines visible in Chromium"
    return [*rows, Row(what, "s", theirs.seconds, ours.seconds, most=0.5)]
