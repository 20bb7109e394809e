"""What a process manager offers: shell functions that scripts for hosts are put together with.

``begin SLOT PROCESS...`` starts processes and does not wait until they are well,
``finish SLOT PROCESS...`` stops them and waits until they are gone, or have been killed, and
``state SLOT[,SLOT] PROCESS...`` prints a line for each: ``process SLOT PROCESS STATE [SINCE]``,
where the state is one of ``STATES``, and the fifth word is another one once the process was
started again. Starting what runs and stopping what does not is fine.
"""

from typing import Final, Protocol

STATES: Final = ("running", "stopped", "failed")
"""``failed`` is also what had to be started again since it was begun."""


class Manager(Protocol):
    """A kind of process manager."""

    kind: str

    def functions(self, app: str, root: str) -> str:
        """The three functions for an application in its folder, as text."""
        ...

    def name(self, app: str, process: str, slot: str) -> str:
        """What the manager calls a process of a slot."""
        ...
