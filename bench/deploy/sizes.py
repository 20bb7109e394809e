"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """``requests`` under good and refused releases; the others are rounds of what they name."""

    requests: int = 50_000
    turning: int = 3
    speed: int = 7
    operations: int = 5


QUICK = Sizes(requests=5_000, turning=1, speed=2, operations=1)
