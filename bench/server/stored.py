"""The same list and page of ours with few and with very many builds and tests stored."""

from collections.abc import Sequence
from typing import Any

from bench.server import chromium
from bench.server.ours import Fairlead
from bench.server.pages import KINDS, look
from bench.server.peer import Pages, Peer
from bench.server.rows import Row
from bench.server.sizes import Sizes
from bench.server.statistic import median
from bench.server.wire import first_byte

_FEW = 60
"""As many as fill the list's first page, so that it holds the same both times."""


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """Of ours alone; the rows are made by SQL, like those of a build that ran."""
    ours = next(peer for peer in peers if isinstance(peer, Fairlead))
    handle = ours.trigger("five")
    ours.wait(handle)
    few = _with(ours, handle, 0, _FEW, sizes)
    many = _with(ours, handle, _FEW, sizes.stored, sizes)
    stored = f"with {sizes.stored:,} builds and {sizes.stored * 10:,} tests"
    return [
        Row(f"{what} {stored}", "x", None, many[what] / few[what], 1.5, note=_note(few, many, what))
        for what in few
    ]


def _with(
    ours: Fairlead, handle: tuple[str, int], before: int, more: int, sizes: Sizes
) -> dict[str, float]:
    """Store more builds; milliseconds of what is shown then of the newest ones."""
    ours.store(handle, more)
    pages = ours.pages((handle[0], handle[1] + before + more - 1))
    found: dict[str, float] = {}
    for kind, what in KINDS.items():
        path = getattr(pages, f"{kind}_first")
        times = [first_byte(ours.port, path) for _ in range(sizes.first_byte + 2)]
        found[f"{what}, first byte"] = median(times[2:])
    if not chromium.absent():
        with chromium.browser() as running:
            found |= _shown(running, ours, pages, sizes)
    return found


def _shown(running: Any, ours: Fairlead, pages: Pages, sizes: Sizes) -> dict[str, float]:
    found = {}
    for kind, what in KINDS.items():
        where = look(ours.port, pages, kind)
        times = [chromium.visit(running, *where) for _ in range(sizes.chromium + 1)]
        found[f"{what}, in Chromium"] = 1000 * median(times[1:])
    return found


def _note(few: dict[str, float], many: dict[str, float], what: str) -> str:
    return f"{few[what]:.0f} ms with {_FEW} builds, {many[what]:.0f} ms then"
