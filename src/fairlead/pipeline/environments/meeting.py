"""Whether two environments would have the same on one host: a pattern of reviews has many names."""

import re
from typing import Final

from fairlead.model.environment import Environment, review_name

_NUMBER: Final = re.compile(r"-([1-9][0-9]{0,5})\Z")


def shared(one: Environment, other: Environment) -> str:
    """The application or folder that both would have on a host; empty where none is."""
    words = [word for environment in (one, other) for word in _own(environment, 1)]
    numbers = {1, *(int(found[1]) for word in words if (found := _NUMBER.search(word)))}
    for number in sorted(numbers):
        theirs = _own(other, number)
        for word in _own(one, number):
            if word in theirs:
                return word
    return ""


def _own(environment: Environment, number: int) -> tuple[str, ...]:
    """Its folder, and the name that units and files have; those of a pull request for a pattern."""
    name = environment.app.name if environment.app else environment.name
    if not environment.review:
        return environment.root or f"/srv/{name}", name
    name = review_name(name, number)
    return f"{environment.root}-{number}" if environment.root else f"/srv/{name}", name


def matches(pattern: str, domain: str) -> bool:
    """Whether a domain is among those that a pattern with ``{number}`` stands for."""
    if "{number}" not in pattern:
        return False
    parts = map(re.escape, pattern.split("{number}"))
    return re.fullmatch("[1-9][0-9]*".join(parts), domain) is not None
