"""Control groups, entered by a process on behalf of all it will start."""

from __future__ import annotations

import os

from .light import suppress


def enter_groups(groups: list[tuple[str, str]]) -> None:
    """Enter groups, each given as the file to write to and the one to go back by at the end.

    What cannot be entered is not: Fairlead looks who is in a group before it relies on it.
    """
    for group, _back in groups:
        _move_to(group)


def leave_groups(groups: list[tuple[str, str]]) -> None:
    """Go back to where we came from, and remove the groups we were in."""
    for _group, back in groups:
        _move_to(back)
    remove_groups(groups)


def remove_groups(groups: list[tuple[str, str]]) -> None:
    """Remove groups that nobody is in any more."""
    for group, _back in groups:
        with suppress(OSError):
            os.rmdir(os.path.dirname(group))


def _move_to(group: str) -> None:
    with suppress(OSError), open(group, "w", encoding="ascii") as file:
        file.write("0")
