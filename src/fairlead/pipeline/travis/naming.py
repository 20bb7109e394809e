"""Ids of jobs: short, stable, unique, fit for a file name and the command line."""

import re
from collections import Counter

_LONGEST = 48


def slug(text: str) -> str:
    """Letters, digits, dots and dashes of a name, in lower case."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:_LONGEST].strip("-.")


def unique_ids(parts: list[tuple[str, str, str]]) -> list[str]:
    """Ids for (name, version, variables) triples.

    The variables are added where a name's ids would not differ without them; what is still equal
    then is numbered from the second on.
    """
    short = [_join(name, version) for name, version, _env in parts]
    counts = Counter(short)
    ambiguous = {part[0] for one, part in zip(short, parts, strict=True) if counts[one] > 1}
    full = [
        _join(one, slug(env)) if name in ambiguous else one
        for one, (name, _version, env) in zip(short, parts, strict=True)
    ]
    taken: set[str] = set()
    found = []
    for one in full:
        number = 2
        unique = one
        while unique in taken:
            unique = f"{one}-{number}"
            number += 1
        taken.add(unique)
        found.append(unique)
    return found


def _join(*parts: str) -> str:
    return "-".join(part for part in parts if part)
