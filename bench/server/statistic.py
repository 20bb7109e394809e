"""What is said of many times."""

import statistics
from collections.abc import Callable, Sequence

from bench.server.peer import Peer

median = statistics.median


def p95(times: Sequence[float]) -> float:
    """The time that nineteen of twenty are below."""
    return sorted(times)[max(0, round(len(times) * 0.95 + 0.5) - 1)]


def in_turn(
    peers: Sequence[Peer], rounds: int, once: Callable[[Peer], float]
) -> dict[str, list[float]]:
    """``once`` of each in alternating order, by the peer's name; the first round is not counted."""
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for number in range(rounds + 1):
        for peer in peers if number % 2 else reversed(peers):
            took = once(peer)
            if number:
                times[peer.name].append(took)
    return times
