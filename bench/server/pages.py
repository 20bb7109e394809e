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
    rows = [_empty(running, sizes)]
    for kind, what in (*KINDS.items(), ("log", "last of 200,000 lines")):
        found = {peer.name: look(peer.port, pages[peer.name][kind], kind) for peer in peers}
        weights = [chromium.weigh(running, *found[peer.name]) for peer in peers]

        def once(peer: Peer, found: dict[str, tuple[str, str]] = found) -> float:
            return chromium.visit(running, *found[peer.name])

        theirs, ours = map(median, in_turn(peers, sizes.chromium, once).values())
        most = 0.5 if kind == "log" else 0.25
        rows.append(Row(f"{what} in Chromium: shown", "s", theirs, ours, most))
        if kind in KINDS:
            (asked, received), (our_asked, our_received) = weights
            rows += [
                Row(f"{what}: requests", "", asked, our_asked, most=10),
                Row(f"{what}: received", "kB", received / 1e3, our_received / 1e3, most=100),
            ]
    return rows


def _empty(running: Any, sizes: Sizes) -> Row:
    """What of the times that follow is the browser's and the machine's alone."""
    with chromium.empty_page() as url:
        times = [chromium.visit(running, url, chromium.EMPTY) for _ in range(sizes.chromium + 1)]
    floor = median(times[1:])
    return Row("an empty page of nobody's in Chromium: shown", "s", floor, floor)


def look(port: int, pages: Pages, kind: str) -> tuple[str, str]:
    """The address of a kind of page, and what is true once it is shown."""
    return f"http://127.0.0.1:{port}{getattr(pages, f'{kind}_page')}", getattr(
        pages, f"{kind}_shown"
    )
