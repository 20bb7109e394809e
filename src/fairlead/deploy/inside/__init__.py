"""What runs on hosts, with their own Python and nothing else. It is read, never imported.

``probe`` and ``watch``, each behind ``asking``, ``watch`` behind ``judging`` too, and ``supervisor``
run with the host's python3 (3.6 or later); ``wsgi`` and ``asgi`` stand in a slot and run with the
release's Python, from 2.7 and 3.6 on.
"""

from functools import cache
from pathlib import Path


@cache
def program(*names: str) -> str:
    """The text of a program; of several, one behind the other."""
    here = Path(__file__)
    return "\n".join(here.with_name(f"{name}.py").read_text("utf-8") for name in names)
