"""The list of builds and the page of a build: first byte, and in Chromium."""

import time
from collections.abc import Sequence
from typing import Any

from bench.server import chromium
from bench.server.ours import Fairlead
from bench.server.peer import Pages, Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import in_turn, median
from bench.server.wire import begin

_KINDS = {"list": "builds list", "build": "build page"}
_FLAT = "the same with {stored:,} builds and {tests:,} tests stored, over few: {what}"


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """With what the measurements before have left, and for ours with many builds more."""
    handles = [_furnish(peer) for peer in peers]
    pages = {peer.name: peer.pages(handle) for peer, handle in zip(peers, handles, strict=True)}
    logs = {peer.name: peer.pages(_built(peer, "big")) for peer in peers}
    rows, few = _first_bytes(peers, pages, sizes)
    if why := chromium.absent():
        rows.append(Row(f"in Chromium: not measured, {why}", "", None, None))
    else:
        with chromium.browser() as running:
            more, few_shown = _in_chromium(running, peers, pages, logs, sizes)
            rows += more
            few |= few_shown
    return rows + _with_many(peers[1], handles[1], few, sizes)


def _furnish(peer: Peer) -> Any:
    return _built(peer, "five")


def _built(peer: Peer, job: str) -> Any:
    handle = peer.trigger(job)
    peer.wait(handle)
    return handle


def _first_bytes(
    peers: Sequence[Peer], pages: dict[str, Pages], sizes: Sizes
) -> tuple[list[Row], dict[str, float]]:
    rows, few = [], {}
    for kind, what in _KINDS.items():

        def once(peer: Peer, kind: str = kind) -> float:
            return _first_byte(peer, getattr(pages[peer.name], f"{kind}_first"))

        theirs, ours = map(median, in_turn(peers, sizes.first_byte, once).values())
        rows.append(Row(f"{what}: first byte", "ms", theirs, ours, most=20))
        few[f"{what}, first byte"] = ours
    return rows, few


def _first_byte(peer: Peer, path: str) -> float:
    began = time.perf_counter()
    connection, answer = begin(peer.port, path)
    took = time.perf_counter() - began
    answer.read()
    connection.close()
    return took * 1000


def _in_chromium(
    running: Any,
    peers: Sequence[Peer],
    pages: dict[str, Pages],
    logs: dict[str, Pages],
    sizes: Sizes,
) -> tuple[list[Row], dict[str, float]]:
    rows, few = [], {}
    for kind, what in _KINDS.items():
        theirs, ours = (_shown(running, peer, pages[peer.name], kind, sizes) for peer in peers)
        rows += [
            Row(f"{what} in Chromium: shown", "s", theirs.seconds, ours.seconds, most=0.25),
            Row(f"{what}: requests", "", theirs.requests, ours.requests, most=10),
            Row(f"{what}: received", "kB", theirs.received / 1e3, ours.received / 1e3, most=100),
        ]
        few[f"{what}, shown in Chromium"] = ours.seconds
    theirs, ours = (_shown(running, peer, logs[peer.name], "log", sizes) for peer in peers)
    what = "last of 200,000 lines visible in Chromium"
    rows.append(Row(what, "s", theirs.seconds, ours.seconds, most=0.5))
    return rows, few


def _shown(running: Any, peer: Peer, pages: Pages, kind: str, sizes: Sizes) -> chromium.Shown:
    """The median of several visits; the first one, which loads what the server reads, is left."""
    url = f"http://127.0.0.1:{peer.port}{getattr(pages, f'{kind}_page')}"
    script = getattr(pages, f"{kind}_shown")
    visits = [chromium.visit(running, url, script) for _ in range(sizes.chromium + 1)][1:]
    return sorted(visits, key=lambda visit: visit.seconds)[len(visits) // 2]


def _with_many(ours: Peer, handle: Any, few: dict[str, float], sizes: Sizes) -> list[Row]:
    if not isinstance(ours, Fairlead):
        return []
    ours.store(handle, sizes.stored)
    middle = (handle[0], handle[1] + sizes.stored // 2)
    newest = (handle[0], handle[1] + sizes.stored)
    listed, page = ours.pages(newest), ours.pages(middle)
    many = {}
    for kind, what in _KINDS.items():
        path = getattr(listed if kind == "list" else page, f"{kind}_first")
        times = [_first_byte(ours, path) for _ in range(sizes.first_byte + 1)][1:]
        many[f"{what}, first byte"] = median(times)
    if not chromium.absent():
        with chromium.browser() as running:
            for kind, what in _KINDS.items():
                shown = _shown(running, ours, listed if kind == "list" else page, kind, sizes)
                many[f"{what}, shown in Chromium"] = shown.seconds
    return [
        Row(
            _FLAT.format(stored=sizes.stored, tests=sizes.stored * 10, what=what),
            "x",
            None,
            figure / few[what],
            most=1.5,
        )
        for what, figure in many.items()
    ]
